#ifndef BATON_PIPELINE_TRAIN_TRAIN_STAGE_H_
#define BATON_PIPELINE_TRAIN_TRAIN_STAGE_H_

#include <functional>

#include "absl/status/status.h"
#include "pipeline/stage_options.h"

namespace baton {

struct State;

// Where tests reach in.
struct TrainHooks {
  // Called on a State that was restored from a snapshot, before training goes on.
  std::function<void(State&)> after_restore;
};

// The train stage: trains the configured model on the dataset that the record's load section names, from the newest
// snapshot of its key or from the beginning, and writes the record's train section. OK also if there was nothing to do.
absl::Status RunTrain(const StageOptions& options, const TrainHooks& hooks = {});

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_TRAIN_STAGE_H_
