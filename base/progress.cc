#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/progress_text.h"

namespace baton {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::duration kSilence = std::chrono::seconds(1);
constexpr Clock::duration kRedraw = std::chrono::milliseconds(100);
constexpr Clock::duration kLine = std::chrono::seconds(10);

bool IsTerminal() {
  const char* const type = std::getenv("TERM");
  return isatty(STDERR_FILENO) && (type == nullptr || absl::string_view(type) != "dumb");
}

int Columns() {
  winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Progress::Progress(absl::string_view title, absl::string_view unit, uint64_t total, uint64_t done)
    : title_(title),
      unit_(unit),
      total_(total),
      first_(done),
      terminal_(IsTerminal()),
      start_(Clock::now()),
      next_(start_ + (terminal_ ? kSilence : kLine)) {}

Progress::~Progress() { Clear(); }

void Progress::Clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

bool Progress::Due() const { return Clock::now() >= next_; }

void Progress::Update(uint64_t done, absl::string_view detail) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? kRedraw : kLine);
  const ProgressState state = {.title = title_,
                               .unit = unit_,
                               .total = total_,
                               .first = first_,
                               .done = done,
                               .seconds = std::chrono::duration<double>(now - start_).count(),
                               .detail = std::string(detail)};
  if (terminal_) {
    // In the last column the cursor would go to the next line.
    std::fprintf(stderr, "\r%s\x1b[K", ProgressBar(state, Columns() - 1).c_str());
    drawn_ = true;
  } else {
    std::fprintf(stderr, "%s\n", ProgressLine(state).c_str());
  }
  std::fflush(stderr);
}

}  // namespace baton
