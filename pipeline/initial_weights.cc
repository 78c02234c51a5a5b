#include "pipeline/initial_weights.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "metadata/record_argument.h"
#include "state/find_snapshot.h"

namespace baton {
namespace {

// The newest generation; empty if the folder has no record.
absl::StatusOr<Metadata> RecordIn(FileSystem& fs, const std::string& run_dir) {
  absl::StatusOr<Metadata> record = ReadRecord(fs, {.run_dir = run_dir});
  if (absl::IsNotFound(record.status())) return Metadata();
  return record;
}

// Of a run directory whose training is complete, what its record names as the model; else as FindSnapshot.
absl::StatusOr<std::string> ChooseSnapshot(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const Metadata record, RecordIn(fs, path));
  const TrainSection& train = record.train();
  if (train.stage().status() != StageRun::COMPLETE) return FindSnapshot(fs, path);
  return JoinPath(path, train.has_best_snapshot() ? train.best_snapshot().path() : train.last_snapshot().path());
}

// The id of the run in whose directory the snapshot lies, as RUN_DIR/train/KEY/step-N; empty if it lies in none.
absl::StatusOr<std::string> RunOf(FileSystem& fs, const std::string& snapshot) {
  const std::string stage = ParentFolder(ParentFolder(snapshot));
  if (BaseName(stage) != kTrainStage) return "";
  ASSIGN_OR_RETURN(const Metadata record, RecordIn(fs, ParentFolder(stage)));
  return record.run().run_id();
}

}  // namespace

WeightsOf WhichWeights(const InitialWeightsConfig& config) {
  return config.weights() == InitialWeightsConfig::IN_USE ? WeightsOf::kModelInUse : WeightsOf::kTrainedModel;
}

absl::StatusOr<InitialWeights> FindWeights(FileSystem& fs, const InitialWeightsConfig& config, DigestCache& digests) {
  InitialWeights weights;
  weights.set_path(config.snapshot());
  ASSIGN_OR_RETURN(const std::string snapshot, ChooseSnapshot(fs, config.snapshot()));
  ASSIGN_OR_RETURN(const SnapshotIndex index, ReadSnapshotIndex(fs, snapshot));
  weights.set_file(JoinPath(snapshot, WeightsFile(index, WhichWeights(config))));
  weights.set_step_index(index.progress().step_index());
  ASSIGN_OR_RETURN(const FileDigest digest, digests.Sha256(weights.file()));
  weights.set_sha256(digest.hex);
  ASSIGN_OR_RETURN(std::string run_id, RunOf(fs, snapshot));
  if (!run_id.empty()) weights.set_run_id(std::move(run_id));
  return weights;
}

absl::StatusOr<InitialWeightsSource> FindInitialWeights(FileSystem& fs, const RunDirectory& run,
                                                        const TrainConfig& config, const TrainSection& recorded,
                                                        DigestCache& digests) {
  if (!config.has_initial_weights()) return InitialWeightsSource();
  const std::string& path = config.initial_weights().snapshot();
  if (path == run.path()) {
    return absl::InvalidArgumentError(
        absl::StrCat("train.initial_weights.snapshot is this run directory itself, whose best snapshot its own "
                     "training changes: name the folder of a snapshot in it, or train in another --run_dir"));
  }
  absl::StatusOr<InitialWeights> found = FindWeights(fs, config.initial_weights(), digests);
  if (absl::IsNotFound(found.status()) && recorded.initial_weights().path() == path) {
    return InitialWeightsSource{recorded.initial_weights(),
                                absl::StrCat(path, " is no longer there; training was begun with its weights, SHA-256 ",
                                             recorded.initial_weights().sha256())};
  }
  if (!found.ok()) return Annotate(found.status(), "train.initial_weights.snapshot");
  return InitialWeightsSource{*std::move(found), ""};
}

}  // namespace baton
