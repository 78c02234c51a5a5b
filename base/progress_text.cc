#include "base/progress_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace baton {
namespace {

constexpr int kWidestBar = 40;
constexpr int kNarrowestBar = 10;

// "0:46", "1:02:03", "2d 03:04:05".
std::string Duration(double seconds) {
  const int64_t whole = std::llround(std::min(seconds, 1e12));
  const int64_t s = whole % 60, m = whole / 60 % 60, h = whole / 3600 % 24, d = whole / 86400;
  if (d > 0) return absl::StrFormat("%dd %02d:%02d:%02d", d, h, m, s);
  if (h > 0) return absl::StrFormat("%d:%02d:%02d", h, m, s);
  return absl::StrFormat("%d:%02d", m, s);
}

// Three digits, and all before the point.
std::string Rate(double rate) {
  return rate < 99.95 ? absl::StrFormat("%.3g/s", rate) : absl::StrFormat("%.0f/s", rate);
}

std::string Percent(const ProgressState& state) {
  // Rounded down: 100% means all.
  const double done = 100 * static_cast<double>(state.done) / static_cast<double>(state.total);
  return absl::StrFormat("%d%%", static_cast<int>(std::min(done, 100.0)));
}

std::string Count(const ProgressState& state) {
  return state.total == 0 ? absl::StrCat(state.done, " ", state.unit)
                          : absl::StrCat(state.done, "/", state.total, " ", state.unit);
}

// Rate, ETA and detail, as far as they are known.
std::vector<std::string> Rest(const ProgressState& state) {
  std::vector<std::string> rest;
  if (state.done > state.first && state.seconds > 0) {
    const double rate = static_cast<double>(state.done - state.first) / state.seconds;
    rest.push_back(Rate(rate));
    if (state.done < state.total) {
      rest.push_back(absl::StrCat("ETA ", Duration(static_cast<double>(state.total - state.done) / rate)));
    }
  }
  if (!state.detail.empty()) rest.push_back(state.detail);
  return rest;
}

}  // namespace

std::string ProgressLine(const ProgressState& state) {
  std::vector<std::string> parts = Rest(state);
  parts.insert(parts.begin(), state.total == 0 ? Count(state) : absl::StrCat(Percent(state), " (", Count(state), ")"));
  return absl::StrCat(state.title, ": ", absl::StrJoin(parts, ", "));
}

std::string ProgressBar(const ProgressState& state, int columns) {
  std::vector<std::string> parts = Rest(state);
  parts.insert(parts.begin(), Count(state));
  std::string head = state.title;
  std::string bar;
  const std::string tail = absl::StrJoin(parts, "  ");
  if (state.total > 0) {
    absl::StrAppend(&head, absl::StrFormat(" %4s", Percent(state)));
    const int room = columns - static_cast<int>(head.size() + tail.size()) - 5;  // " [", "]" and two blanks
    const int width = std::min(room, kWidestBar);
    if (width >= kNarrowestBar) {
      const double share = static_cast<double>(state.done) / static_cast<double>(state.total);
      const int filled = static_cast<int>(width * std::min(share, 1.0));
      bar = absl::StrCat(" [", std::string(filled, '#'), std::string(width - filled, '-'), "]");
    }
  }
  std::string text = absl::StrCat(head, bar, "  ", tail);
  if (static_cast<int>(text.size()) > columns) text.resize(std::max(columns, 0));
  return text;
}

}  // namespace baton
