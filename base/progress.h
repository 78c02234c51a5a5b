#ifndef BATON_BASE_PROGRESS_H_
#define BATON_BASE_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// Shows on stderr how far something is: on a terminal a bar that is redrawn ten times a second, elsewhere a plain line
// (base/progress_text.h) every 10 s. Shows nothing on a terminal in the first second, elsewhere in the first 10 s, so
// that short work stays silent. Not thread-safe.
class Progress {
 public:
  // `unit` is plural: "steps", "rows". `total` is 0 if it is not known. `done` was done before: it counts for the
  // share, and not for the rate.
  Progress(absl::string_view title, absl::string_view unit, uint64_t total, uint64_t done = 0);
  // Clears the bar.
  ~Progress();

  // `done` so far, with a few words of detail ("loss 0.123"). Costs a clock reading when nothing is due.
  void Update(uint64_t done, absl::string_view detail);
  // Whether the next Update would show something: lets the caller build `detail` only then.
  bool Due() const;
  // Takes the bar away, so that something else can be written; the next Update draws it again.
  void Clear();

 private:
  const std::string title_;
  const std::string unit_;
  const uint64_t total_;
  const uint64_t first_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_;
  bool drawn_ = false;
};

}  // namespace baton

#endif  // BATON_BASE_PROGRESS_H_
