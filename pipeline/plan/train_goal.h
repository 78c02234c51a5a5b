#ifndef BATON_PIPELINE_PLAN_TRAIN_GOAL_H_
#define BATON_PIPELINE_PLAN_TRAIN_GOAL_H_

#include <cstdint>

#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"

namespace baton {

// Epochs that the recorded training has finished.
uint64_t EpochsDone(const TrainSection& train);

// Whether training that is complete goes on from its last snapshot all the same: it ended because it had done
// train.max_epochs, and that was raised since. The number of epochs is no part of the key. Training that stopped early
// is done, whatever the limit; a lowered limit takes nothing away.
bool TrainWantsMore(const PipelineConfig& config, const TrainSection& train);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_TRAIN_GOAL_H_
