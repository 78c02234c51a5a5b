#include "base/stderr_log.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/strings/string_view.h"
#include "base/utf8.h"
#include "glog/logging.h"

namespace baton {
namespace {

class StderrSink : public google::LogSink {
 public:
  using google::LogSink::send;
  // Called from any thread. One write, so that lines of several threads or processes do not mix.
  void send(google::LogSeverity severity, const char*, const char*, int, const google::LogMessageTime&,
            const char* message, size_t size) override {
    std::string line;
    if (isatty(STDERR_FILENO)) line += "\r\x1b[K";
    if (severity == google::GLOG_WARNING) line += "WARNING: ";
    if (severity >= google::GLOG_ERROR) line += "ERROR: ";
    // Names and contents of files may be in it, and those may be anything.
    line += EscapeControl(absl::string_view(message, size), "\n\t");
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
};

}  // namespace

void LogToStderr(const char* program) {
  google::InitGoogleLogging(program);
  // glog's own ways out: log files (an empty name means none) and lines on stderr with a prefix.
  for (int severity = 0; severity < google::NUM_SEVERITIES; ++severity) google::SetLogDestination(severity, "");
  FLAGS_logtostderr = false;
  FLAGS_alsologtostderr = false;
  FLAGS_stderrthreshold = google::NUM_SEVERITIES;
  static StderrSink* const sink = new StderrSink;  // lives as long as anything may log
  google::AddLogSink(sink);
}

}  // namespace baton
