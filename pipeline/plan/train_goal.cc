#include "pipeline/plan/train_goal.h"

namespace baton {

Position RecordedPosition(const TrainSection& train) {
  return {.steps = train.last_snapshot().step_index(),
          .epochs = train.history().empty() ? 0 : train.history().rbegin()->epoch_index() + 1};
}

bool TrainWantsMore(const PipelineConfig& config, const TrainSection& train) {
  return train.stage().status() == StageRun::COMPLETE && train.stop_reason() != TrainSection::EARLY_STOPPING &&
         !Goal(config.train()).IsReached(RecordedPosition(train));
}

}  // namespace baton
