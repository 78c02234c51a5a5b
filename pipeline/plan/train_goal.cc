#include "pipeline/plan/train_goal.h"

namespace baton {

Position RecordedPosition(const TrainSection& train) {
  return {.steps = train.steps_done(), .epochs = train.epochs_done()};
}

bool TrainWantsMore(const PipelineConfig& config, const TrainSection& train) {
  return train.stage().status() == StageRun::COMPLETE && train.stop_reason() != TrainSection::EARLY_STOPPING &&
         !Goal(config.train()).IsReached(RecordedPosition(train));
}

}  // namespace baton
