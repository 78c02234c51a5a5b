#ifndef BATON_PIPELINE_TRAIN_TRAIN_STAGE_H_
#define BATON_PIPELINE_TRAIN_TRAIN_STAGE_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "pipeline/config/stage_options.h"

namespace baton {

class Model;
struct State;

// Where others reach in.
struct TrainHooks {
  // For tests: called on a State that was restored from a snapshot, before training goes on.
  std::function<void(State&)> after_restore = nullptr;
  // For tests: takes the configured model and returns the one that is trained.
  std::function<std::unique_ptr<Model>(std::unique_ptr<Model>)> wrap_model = nullptr;
  // Training stops at this step, or at once if it is past it, as at a signal: with a snapshot, Cancelled. 0: nowhere.
  uint64_t stop_at_step = 0;
};

// The train stage: trains the configured model on the dataset that the record's load section names, from the newest
// snapshot of its key or from the beginning, and writes the record's train section. OK also if there was nothing to do.
absl::Status RunTrain(const StageOptions& options, const TrainHooks& hooks = {});

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_TRAIN_STAGE_H_
