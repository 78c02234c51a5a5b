#ifndef BATON_PIPELINE_PLAN_TRAIN_GOAL_H_
#define BATON_PIPELINE_PLAN_TRAIN_GOAL_H_

#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"
#include "training/goal.h"

namespace baton {

// What the recorded training has done.
Position RecordedPosition(const TrainSection& train);

// Whether training that is complete goes on from its last snapshot all the same: it ended because it had reached its
// goal, which was raised since. Training that stopped early is done, whatever the goal; a lowered goal takes nothing
// away.
bool TrainWantsMore(const PipelineConfig& config, const TrainSection& train);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_TRAIN_GOAL_H_
