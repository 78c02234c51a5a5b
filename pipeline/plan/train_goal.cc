#include "pipeline/plan/train_goal.h"

namespace baton {

uint64_t EpochsDone(const TrainSection& train) { return train.epochs_done(); }

bool TrainWantsMore(const PipelineConfig& config, const TrainSection& train) {
  return train.stage().status() == StageRun::COMPLETE && train.stop_reason() == TrainSection::MAX_EPOCHS &&
         config.train().max_epochs() > EpochsDone(train);
}

}  // namespace baton
