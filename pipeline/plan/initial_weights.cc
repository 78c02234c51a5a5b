#include "pipeline/plan/initial_weights.h"

#include <sys/stat.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "metadata/record_argument.h"
#include "pipeline/plan/keys.h"
#include "pipeline/plan/recorded_key.h"
#include "state/find_snapshot.h"

namespace baton {
namespace {

// Of a run directory whose training is complete, what its record names as the model; nullopt of any other path.
absl::StatusOr<std::optional<std::string>> NamedSnapshot(FileSystem& fs, const std::string& path) {
  const absl::StatusOr<Metadata> record = ReadRecord(fs, {.run_dir = path});
  if (absl::IsNotFound(record.status())) return std::nullopt;
  RETURN_IF_ERROR(record.status());
  const TrainSection& train = record->train();
  if (train.stage().status() != StageRun::COMPLETE) return std::nullopt;
  const SnapshotReference& named = train.has_best_snapshot() ? train.best_snapshot() : train.last_snapshot();
  const std::string snapshot = JoinPath(path, named.path());
  ASSIGN_OR_RETURN(const SnapshotIndex index, ReadSnapshotIndex(fs, snapshot));
  if (index.sha256() == named.sha256()) return snapshot;
  return absl::DataLossError(absl::StrCat(snapshot, " is not the snapshot that the record of ", path,
                                          " names: its seal is ", index.sha256(), ", the record's ", named.sha256()));
}

// The id of the run in whose directory the snapshot lies, as RUN_DIR/train/KEY/step-N; empty if it lies in none that
// has a record that can be read.
std::string RunOf(FileSystem& fs, const std::string& snapshot) {
  const std::string stage = ParentFolder(ParentFolder(snapshot));
  if (BaseName(stage) != kTrainStage) return "";
  const absl::StatusOr<Metadata> record = ReadRecord(fs, {.run_dir = ParentFolder(stage)});
  return record.ok() ? record->run().run_id() : "";
}

bool IsSameFolder(FileSystem& fs, const std::string& a, const std::string& b) {
  struct stat of_a, of_b;
  return fs.Stat(a, &of_a) == 0 && fs.Stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

// Tells that what is found is not what training began with; empty if it is.
std::string Note(const std::string& path, const absl::StatusOr<InitialWeights>& found,
                 const InitialWeights& begun_with) {
  if (found.ok() && SameWeights(*found, begun_with)) return "";
  return absl::StrCat(path,
                      absl::IsNotFound(found.status()) ? " is no longer there"
                      : found.ok() ? absl::StrCat(" has other weights now, of step ", found->step_index())
                                   : absl::StrCat(" cannot be used now (", found.status().message(), ")"),
                      "; training was begun with its weights of step ", begun_with.step_index(), ", SHA-256 ",
                      begun_with.sha256(), found.ok() ? ", and they count; --start_over begins with the others" : "");
}

}  // namespace

WeightsOf WhichWeights(const InitialWeightsConfig& config) {
  return config.weights() == InitialWeightsConfig::IN_USE ? WeightsOf::kModelInUse : WeightsOf::kTrainedModel;
}

absl::StatusOr<InitialWeights> FindWeights(FileSystem& fs, const InitialWeightsConfig& config, DigestCache& digests) {
  InitialWeights weights;
  weights.set_path(config.snapshot());
  const auto use = [&](const std::string& snapshot) -> absl::Status {
    ASSIGN_OR_RETURN(const SnapshotIndex index, ReadSnapshotIndex(fs, snapshot));
    weights.set_file(JoinPath(snapshot, GroupFile(WeightsGroup(index, WhichWeights(config)))));
    weights.set_step_index(index.progress().step_index());
    ASSIGN_OR_RETURN(const FileDigest digest, digests.Sha256(weights.file()));
    weights.set_sha256(digest.hex);
    if (const char* const buffers = BuffersGroup(index, WhichWeights(config)); buffers != nullptr) {
      weights.set_buffers_file(JoinPath(snapshot, GroupFile(buffers)));
      ASSIGN_OR_RETURN(const FileDigest buffers_digest, digests.Sha256(weights.buffers_file()));
      weights.set_buffers_sha256(buffers_digest.hex);
    }
    std::string run_id = RunOf(fs, snapshot);
    if (!run_id.empty()) weights.set_run_id(std::move(run_id));
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const std::optional<std::string> named, NamedSnapshot(fs, config.snapshot()));
  RETURN_IF_ERROR(named.has_value() ? use(*named) : UseSnapshot(fs, config.snapshot(), RecordedTrainKey, use));
  return weights;
}

absl::StatusOr<InitialWeightsSource> FindInitialWeights(FileSystem& fs, const RunDirectory& run,
                                                        const TrainConfig& config, const InitialWeights& begun_with,
                                                        DigestCache& digests) {
  if (!config.has_initial_weights()) return InitialWeightsSource();
  const std::string& path = config.initial_weights().snapshot();
  if (path == run.path() || IsSameFolder(fs, path, run.path())) {
    return absl::InvalidArgumentError(
        absl::StrCat("train.initial_weights.snapshot is this run directory itself, whose best snapshot its own "
                     "training changes: name the folder of a snapshot in it, or train in another --run_dir"));
  }
  absl::StatusOr<InitialWeights> found = FindWeights(fs, config.initial_weights(), digests);
  const bool names_them =
      begun_with.has_sha256() && (path == begun_with.path() || path == ParentFolder(begun_with.file()));
  if (names_them) return InitialWeightsSource{begun_with, Note(path, found, begun_with)};
  if (!found.ok()) return Annotate(found.status(), "train.initial_weights.snapshot");
  return InitialWeightsSource{*std::move(found), ""};
}

}  // namespace baton
