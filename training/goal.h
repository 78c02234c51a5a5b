#ifndef BATON_TRAINING_GOAL_H_
#define BATON_TRAINING_GOAL_H_

#include <cstdint>
#include <string>

#include "state/state.pb.h"
#include "training/config.pb.h"

namespace baton {

// Where a training stands: what its goals are measured against.
struct Position {
  uint64_t steps = 0;         // taken since the beginning
  uint64_t epochs = 0;        // finished
  bool inside_epoch = false;  // a batch of another epoch is done
};

Position PositionOf(const TrainingProgress& progress);

// When training ends: at the first of its goals that is reached. Raising a goal goes on with the same training, so no
// goal is part of its key.
class Goal {
 public:
  // train.max_steps and train.max_epochs; 10 epochs where neither is set.
  explicit Goal(const TrainConfig& config);

  // 0: not one of the goals.
  uint64_t max_steps() const { return max_steps_; }
  uint64_t max_epochs() const { return max_epochs_; }

  bool IsReached(const Position& position) const;
  // Whether a goal was reached before this position: a training with this goal never comes to it.
  bool IsPassed(const Position& position) const;
  // Steps of the whole training, where an epoch has this many.
  uint64_t Steps(uint64_t steps_per_epoch) const;
  // "train.max_steps is 100 and train.max_epochs is 3", or the one that is set; "... 10 (the default)" where none is.
  std::string Text() const;

 private:
  // 0: not set.
  uint64_t max_steps_;
  uint64_t max_epochs_;
  bool is_default_;
};

// Steps of an epoch; the last one may have fewer examples.
uint64_t StepsPerEpoch(uint64_t examples, const TrainConfig& config);

}  // namespace baton

#endif  // BATON_TRAINING_GOAL_H_
