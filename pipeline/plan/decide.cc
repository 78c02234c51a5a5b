#include "pipeline/plan/decide.h"

#include <optional>

namespace baton {
namespace {

enum class Flag { kNone, kStartOver, kAllowChanges };

constexpr std::nullopt_t kAny = std::nullopt;
constexpr bool kSame = true, kOther = false;

// A row applies where everything that it names is so; the first that applies decides.
struct Row {
  std::optional<Recorded> recorded;
  std::optional<bool> same_key;
  std::optional<bool> has_progress;
  std::optional<Flag> flag;
  Action action;
};

// clang-format off
constexpr Row kTable[] = {
    // The record says      Key     Progress  Flag                 Decision
    {Recorded::kNothing,    kAny,   kAny,     kAny,                Action::kWork},
    {Recorded::kComplete,   kSame,  kAny,     kAny,                Action::kSkip},
    {Recorded::kWantsMore,  kSame,  kAny,     kAny,                Action::kWork},
    {kAny,                  kSame,  kAny,     Flag::kStartOver,    Action::kStartOver},
    {kAny,                  kSame,  kAny,     kAny,                Action::kWork},
    {kAny,                  kOther, true,     Flag::kAllowChanges, Action::kAmend},
    {Recorded::kUnfinished, kOther, true,     Flag::kNone,         Action::kRefuse},
    {kAny,                  kOther, kAny,     kAny,                Action::kWork},
};
// clang-format on

template <typename T>
bool Fits(const std::optional<T>& asked, T found) {
  return !asked.has_value() || *asked == found;
}

}  // namespace

Action Decide(const Situation& situation) {
  const Flag flag = situation.start_over      ? Flag::kStartOver
                    : situation.allow_changes ? Flag::kAllowChanges
                                              : Flag::kNone;
  for (const Row& row : kTable) {
    if (Fits(row.recorded, situation.recorded) && Fits(row.same_key, situation.same_key) &&
        Fits(row.has_progress, situation.has_progress) && Fits(row.flag, flag)) {
      return row.action;
    }
  }
  return Action::kWork;  // the last row applies to all that is left
}

}  // namespace baton
