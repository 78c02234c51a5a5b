#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "metadata/inspect_command.h"
#include "metadata/record_argument.h"
#include "metadata/verify.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Checks every generation: its seal, its number, and that it follows the one before it. Prints a
line for each thing found (edited, removed, reordered, rewritten, foreign, set_aside, stray) and a closing
line. DIGEST is the head that a run or an earlier verify printed;
with it, a history whose end was cut off or rewritten is found as well.

  inspect verify runs/iris --head=$(cat head.txt))";

std::string ReportAsText(const RecordReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    absl::StrAppend(&text, finding.severity == Finding::Severity::kError ? "error" : "note", "  ",
                    KindName(finding.kind), "  ", EscapeControl(finding.file), "  ", EscapeControl(finding.message),
                    "\n");
  }
  absl::StrAppend(&text, report.ok() ? "OK: " : "NOT OK: ", report.verified,
                  report.verified == 1 ? " generation verifies" : " generations verify");
  if (report.newest > 0) absl::StrAppend(&text, ", the newest is ", report.newest, ", head ", report.head);
  if (report.given_head_generation && *report.given_head_generation != report.newest) {
    absl::StrAppend(&text, "; the given head is generation ", *report.given_head_generation);
  }
  return absl::StrCat(text, "\n");
}

std::string ReportAsJson(const RecordReport& report) {
  nlohmann::ordered_json json;
  json["ok"] = report.ok();
  json["verified"] = report.verified;
  json["newest"] = report.newest;
  json["head"] = report.head;
  if (report.given_head_generation) json["given_head_generation"] = *report.given_head_generation;
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : report.findings) {
    json["findings"].push_back({{"severity", finding.severity == Finding::Severity::kError ? "error" : "note"},
                                {"kind", KindName(finding.kind)},
                                {"file", finding.file},
                                {"message", finding.message}});
  }
  // Names of files may be anything: what is no UTF-8 in them is replaced.
  return absl::StrCat(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace), "\n");
}

absl::Status Verify(FileSystem& fs, const InspectOptions& options, std::string& output) {
  ASSIGN_OR_RETURN(const RecordArgument argument, ParseRecordArgument(options.arguments[1], options.working_folder));
  if (argument.generation != 0) {
    return absl::InvalidArgumentError("\"inspect verify\" checks all generations: name the run directory alone");
  }
  const std::string& run_dir = argument.run_dir;
  ASSIGN_OR_RETURN(const RecordReport report, VerifyRecord(fs, run_dir, options.head));
  absl::StrAppend(&output, options.format == "json" ? ReportAsJson(report) : ReportAsText(report));
  return report.ok() ? absl::OkStatus()
                     : absl::DataLossError(absl::StrCat("the history of the record in ", run_dir, " is not whole"));
}

}  // namespace

InspectCommand VerifyCommand() {
  return {.name = "verify",
          .usage = "RUN_DIR [--head=DIGEST]",
          .arguments = 1,
          .flags = {"head"},
          .help = kHelp,
          .run = Verify};
}

}  // namespace baton
