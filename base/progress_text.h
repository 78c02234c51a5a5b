#ifndef BATON_BASE_PROGRESS_TEXT_H_
#define BATON_BASE_PROGRESS_TEXT_H_

#include <cstdint>
#include <string>

namespace baton {

// How far something is, as text.
struct ProgressState {
  std::string title;
  std::string unit;
  uint64_t total = 0;  // 0: not known
  uint64_t first = 0;  // done before the clock started
  uint64_t done = 0;
  double seconds = 0;  // since the clock started
  std::string detail;  // may be empty
};

// "train: 42% (420/1000 steps), 12.5/s, ETA 0:46, loss 0.123". Rate and ETA count what was done since the clock
// started, and are left out as long as that is nothing.
std::string ProgressLine(const ProgressState& state);

// The same with a bar, in at most `columns` characters: "train  42% [####------] 420/1000 steps  12.5/s  ETA 0:46  loss
// 0.123". Where there is little room the bar goes first, then the end of the text.
std::string ProgressBar(const ProgressState& state, int columns);

}  // namespace baton

#endif  // BATON_BASE_PROGRESS_TEXT_H_
