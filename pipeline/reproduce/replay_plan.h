#ifndef BATON_PIPELINE_REPRODUCE_REPLAY_PLAN_H_
#define BATON_PIPELINE_REPRODUCE_REPLAY_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"

namespace baton {

// One call of train.
struct TrainLeg {
  PipelineConfig config;
  // Key under which it trains.
  std::string key;
  // Where it stops; 0: at its end.
  uint64_t stop_at_step = 0;
  // For --allow_changes: what is different from the leg before.
  std::vector<std::string> allow_changes;
};

// What has to be done to have everything again that a record names.
struct ReplayPlan {
  // Of load and evaluate.
  PipelineConfig config;
  // One, and another for each amendment. Empty if the record has no training.
  std::vector<TrainLeg> legs;
  bool evaluate = false;
};

// Which parts of the plan the record does not decide, because no result depends on them.
struct ReplayChoices {
  std::string raw_filepath = "";
  // A snapshot or run directory with the weights that training began with; not used where it began without.
  std::string initial_weights = "";
  uint32_t workers = 0;
};

// `record` is finished (CheckFinished in metadata/staleness.h). The configuration is made of the key inputs, and then
// gives the recorded keys again. FailedPrecondition names what differs if it does not: this program would compute
// something else, for instance because another version wrote the record.
absl::StatusOr<ReplayPlan> MakeReplayPlan(const Metadata& record, const ReplayChoices& choices);

}  // namespace baton

#endif  // BATON_PIPELINE_REPRODUCE_REPLAY_PLAN_H_
