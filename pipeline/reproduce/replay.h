#ifndef BATON_PIPELINE_REPRODUCE_REPLAY_H_
#define BATON_PIPELINE_REPRODUCE_REPLAY_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/reproduce/replay_plan.h"

namespace baton {

// Makes the run of a plan again, in a folder of its own, with the programs of the stages as child processes. What was
// done before, by a replay that was interrupted, is gone on from. Cancelled if a signal stopped a stage.
class Replay {
 public:
  // `program` is this program's own file, beside which the stages' are. `plan` must outlive it.
  Replay(FileSystem& fs, std::string program, const ReplayPlan& plan, const RunDirectory& run)
      : fs_(fs), program_(std::move(program)), plan_(plan), run_(run) {}

  // Makes the folder, or takes the one that an earlier replay of the run `run_id` left. InvalidArgument if there is
  // something else in it.
  absl::Status Begin(absl::string_view run_id);

  // In this order. Each returns the replay's record after it.
  absl::StatusOr<Metadata> Load();
  absl::StatusOr<Metadata> Train();
  absl::StatusOr<Metadata> Evaluate();

 private:
  // Runs a stage under `config`. OK also if it stopped at the step where it was to stop.
  absl::Status Run(absl::string_view stage, const PipelineConfig& config, const TrainLeg* leg);
  absl::StatusOr<Metadata> Record() const;

  FileSystem& fs_;
  const std::string program_;
  const ReplayPlan& plan_;
  const RunDirectory run_;
};

}  // namespace baton

#endif  // BATON_PIPELINE_REPRODUCE_REPLAY_H_
