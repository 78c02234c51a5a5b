#ifndef BATON_PIPELINE_PLAN_DECIDE_H_
#define BATON_PIPELINE_PLAN_DECIDE_H_

namespace baton {

// What a stage does when it is called, as a table: docs/planning.md shows it and says why.

// What the record says of the stage.
enum class Recorded {
  kNothing,     // it never ran
  kUnfinished,  // an attempt was interrupted, failed or was killed
  kComplete,    // and its outputs are as they were written (asked only under the same key)
  kDamaged,     // complete, but an output is gone or has other bytes
  kWantsMore,   // complete, but the goal of training was raised since
};

struct Situation {
  Recorded recorded = Recorded::kNothing;
  // Whether the key is the recorded one.
  bool same_key = false;
  // Whether the recorded attempts left something that could be gone on from.
  bool has_progress = false;
  // Flags of the command.
  bool start_over = false;
  bool allow_changes = false;
};

enum class Action {
  // Nothing to do.
  kSkip,
  // Under the key, from what stands there, or from the beginning where nothing does.
  kWork,
  // Likewise, but what stands there unfinished is put aside.
  kStartOver,
  // Go on from the recorded key's progress with what --allow_changes names changed.
  kAmend,
  // The progress under the recorded key would be abandoned, and nobody said so.
  kRefuse,
};

Action Decide(const Situation& situation);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_DECIDE_H_
