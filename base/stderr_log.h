#ifndef BATON_BASE_STDERR_LOG_H_
#define BATON_BASE_STDERR_LOG_H_

namespace baton {

// Makes glog speak to people: every message goes to stderr alone, as a line of its own without time, thread and place,
// after "WARNING: " or "ERROR: " where it is one. On a terminal it takes the place of a progress bar that stands there.
// Control characters but newline and tab are escaped (base/utf8.h). No log file is written. GLOG_minloglevel and GLOG_v
// work as ever. Call once in a program, first in main().
void LogToStderr(const char* program);

}  // namespace baton

#endif  // BATON_BASE_STDERR_LOG_H_
