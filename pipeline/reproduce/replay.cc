#include "pipeline/reproduce/replay.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "metadata/verified_record.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/run/stage_program.h"

namespace baton {
namespace {

// In the replay's folder: the id of the run that it is of.
constexpr char kMarkerFile[] = "replay_of.txt";

}  // namespace

absl::Status Replay::Begin(absl::string_view run_id) {
  const std::string marker = JoinPath(run_.path(), kMarkerFile), text = absl::StrCat(run_id, "\n");
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(fs_, run_.path());
  if (!names.ok() && !absl::IsNotFound(names.status())) return names.status();
  if (names.ok() && !names->empty()) {
    const absl::StatusOr<std::string> found = ReadFile(fs_, marker);
    if (found.ok() && *found == text) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(run_.path(), " is neither empty nor a replay of the run ", run_id,
                                                   ": give --into another folder, a new one"));
  }
  RETURN_IF_ERROR(MakeFolders(fs_, run_.path()));
  return ReplaceFile(fs_, marker, text);
}

absl::StatusOr<Metadata> Replay::Load() {
  RETURN_IF_ERROR(Run(kLoadStage, plan_.config, nullptr));
  return Record();
}

absl::StatusOr<Metadata> Replay::Train() {
  ASSIGN_OR_RETURN(const Metadata record, Record());
  // Of those with the key under which an earlier replay was, the last one leads on whatever became of the others.
  const auto reached = std::find_if(plan_.legs.rbegin(), plan_.legs.rend(),
                                    [&record](const TrainLeg& leg) { return leg.key == record.train().stage().key(); });
  auto leg = reached == plan_.legs.rend() ? plan_.legs.begin() : std::prev(reached.base());
  for (; leg != plan_.legs.end(); ++leg) {
    if (plan_.legs.size() > 1) {
      LOG(INFO) << "reproduce: training, part " << leg - plan_.legs.begin() + 1 << " of " << plan_.legs.size();
    }
    RETURN_IF_ERROR(Run(kTrainStage, leg->config, &*leg));
  }
  return Record();
}

absl::StatusOr<Metadata> Replay::Evaluate() {
  RETURN_IF_ERROR(Run(kEvaluateStage, plan_.config, nullptr));
  return Record();
}

absl::Status Replay::Run(absl::string_view stage, const PipelineConfig& config, const TrainLeg* leg) {
  RETURN_IF_ERROR(SaveConfig(fs_, run_.path(), config));
  std::vector<std::string> arguments = {absl::StrCat("--run_dir=", run_.path())};
  if (stage == kEvaluateStage) arguments.push_back("--noprint_table");
  if (leg != nullptr && leg->stop_at_step > 0) arguments.push_back(absl::StrCat("--stop_at_step=", leg->stop_at_step));
  if (leg != nullptr && !leg->allow_changes.empty()) {
    arguments.push_back(absl::StrCat("--allow_changes=", absl::StrJoin(leg->allow_changes, ",")));
  }
  ASSIGN_OR_RETURN(const ChildEnd end, RunStageProgram(fs_, program_, stage, arguments));
  const absl::Status status = StageStatus(stage, end);
  const bool at_step = absl::IsCancelled(status) && end.signal == 0 && leg != nullptr && leg->stop_at_step > 0;
  if (end.stop_forwarded) return absl::CancelledError("stopped by a signal");
  return at_step ? absl::OkStatus() : status;
}

absl::StatusOr<Metadata> Replay::Record() const { return ReadVerifiedRecord(fs_, run_.path(), ""); }

}  // namespace baton
