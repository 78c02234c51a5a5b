#include "pipeline/reproduce/reproduce.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"
#include "base/digest_cache.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "metadata/random_id.h"
#include "metadata/staleness.h"
#include "metadata/verified_record.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/plan/initial_weights.h"
#include "pipeline/plan/keys.h"
#include "pipeline/reproduce/replay.h"
#include "pipeline/reproduce/replay_plan.h"

namespace baton {
namespace {

template <typename T>
void Append(std::vector<T> more, std::vector<T>& values) {
  values.insert(values.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// The path of the raw file, which has the recorded digest.
absl::StatusOr<std::string> FindRawFile(const ReproduceOptions& options, const LoadSection& load) {
  const std::string& path = options.raw_file.empty() ? load.raw_filepath() : options.raw_file;
  const absl::StatusOr<FileDigest> found = DigestFile(*options.fs, path, DigestKind::kSha256);
  if (absl::IsNotFound(found.status())) {
    return absl::NotFoundError(absl::StrCat("the raw file is not at ", path, ": say with --raw_file where it is now"));
  }
  RETURN_IF_ERROR(found.status());
  if (found->hex == load.raw_file_sha256()) return path;
  return absl::DataLossError(absl::StrCat(path, " is not the raw file that this run was made of: its SHA-256 is ",
                                          found->hex, ", the record's ", load.raw_file_sha256(),
                                          "; say with --raw_file where that one is"));
}

// OK if the weights with which the replay is to begin are those that the record names.
absl::Status CheckInitialWeights(FileSystem& fs, const TrainConfig& config, const TrainSection& recorded) {
  if (!recorded.has_initial_weights()) return absl::OkStatus();
  const std::string& path = config.initial_weights().snapshot();
  DigestCache no_cache(fs, "");
  const absl::StatusOr<InitialWeights> found = FindWeights(fs, config.initial_weights(), no_cache);
  if (absl::IsNotFound(found.status())) {
    return absl::NotFoundError(absl::StrCat("the weights with which training began are not in ", path,
                                            ": say with --initial_weights where they are now"));
  }
  RETURN_IF_ERROR(found.status());
  if (SameWeights(*found, recorded.initial_weights())) return absl::OkStatus();
  const bool weights_differ = found->sha256() != recorded.initial_weights().sha256();
  const auto& [file, now, then] =
      weights_differ
          ? std::tie(found->file(), found->sha256(), recorded.initial_weights().sha256())
          : std::tie(found->buffers_file(), found->buffers_sha256(), recorded.initial_weights().buffers_sha256());
  return absl::DataLossError(absl::StrCat(file, " is not what training began with: its SHA-256 is ", now,
                                          ", the record's ", then, "; say with --initial_weights where that one is"));
}

struct StageFiles {
  const StageRun& stage;
  const google::protobuf::RepeatedPtrField<Artifact>& files;
};

StageFiles FilesOf(absl::string_view stage, const Metadata& record) {
  if (stage == kLoadStage) return {record.load().stage(), record.load().outputs()};
  if (stage == kTrainStage) return {record.train().stage(), record.train().model_artifacts()};
  return {record.evaluate().stage(), record.evaluate().outputs()};
}

// Replays and compares stage by stage, until one is not as it was.
class Reproducer {
 public:
  Reproducer(const ReproduceOptions& options, const Metadata& record, Replay& replay, Reproduction& reproduction)
      : fs_(*options.fs),
        run_(options.run_dir),
        into_(reproduction.into),
        record_(record),
        replay_(replay),
        reproduction_(reproduction) {}

  absl::Status Run() {
    RETURN_IF_ERROR(RunStage(kLoadStage, &Replay::Load));
    if (!record_.train().stage().has_key()) return absl::OkStatus();
    RETURN_IF_ERROR(RunStage(kTrainStage, &Replay::Train));
    if (!record_.evaluate().stage().has_key()) return absl::OkStatus();
    return RunStage(kEvaluateStage, &Replay::Evaluate);
  }

 private:
  absl::Status RunStage(absl::string_view stage, absl::StatusOr<Metadata> (Replay::*run)()) {
    const StageFiles recorded = FilesOf(stage, record_);
    if (!reproduced_) {
      Append(NotReplayed(stage, recorded.files), reproduction_.products);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Metadata now, (replay_.*run)());
    const StageFiles replayed = FilesOf(stage, now);
    ASSIGN_OR_RETURN(std::vector<Product> products,
                     CompareProducts(fs_, stage, recorded.stage, recorded.files, replayed.files, run_, into_));
    for (const Product& product : products) reproduced_ = reproduced_ && product.reproduced();
    Append(std::move(products), reproduction_.products);
    Append(CompareEnvironments(stage, recorded.stage, replayed.stage), reproduction_.deviations);
    return absl::OkStatus();
  }

  FileSystem& fs_;
  const RunDirectory run_;
  const RunDirectory into_;
  const Metadata& record_;
  Replay& replay_;
  Reproduction& reproduction_;
  // Whether all stages so far came out as recorded: what comes after depends on them.
  bool reproduced_ = true;
};

}  // namespace

absl::Status Reproduction::status() const {
  const auto first =
      std::find_if(products.begin(), products.end(), [](const Product& product) { return !product.fine(); });
  if (first == products.end()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("not reproduced; the first difference is in ", first->path, ": ", first->difference));
}

absl::StatusOr<Reproduction> Reproduce(const ReproduceOptions& options) {
  InstallStopSignals();
  FileSystem& fs = *options.fs;
  ASSIGN_OR_RETURN(const Metadata record, ReadVerifiedRecord(fs, options.run_dir, options.head));
  RETURN_IF_ERROR(CheckFinished(record));
  ASSIGN_OR_RETURN(const std::string raw_file, FindRawFile(options, record.load()));
  if (!options.initial_weights.empty() && !record.train().has_initial_weights()) {
    return absl::InvalidArgumentError(absl::StrCat("--initial_weights is given, but ", options.run_dir,
                                                   " began with weights that were drawn from its seed"));
  }
  const std::string initial_weights =
      options.initial_weights.empty() ? ParentFolder(record.train().initial_weights().file()) : options.initial_weights;
  ASSIGN_OR_RETURN(const ReplayPlan plan, MakeReplayPlan(record, {.raw_filepath = raw_file,
                                                                  .initial_weights = initial_weights,
                                                                  .workers = options.workers}));
  RETURN_IF_ERROR(CheckInitialWeights(fs, plan.config.train(), record.train()));

  Reproduction reproduction;
  reproduction.run_id = record.run().run_id();
  reproduction.head = record.sha256();
  reproduction.into = options.into.empty() ? absl::StrCat(options.run_dir, ".replay-", RandomHex(4)) : options.into;
  Replay replay(fs, options.program, plan, RunDirectory(reproduction.into));
  RETURN_IF_ERROR(replay.Begin(reproduction.run_id));
  LOG(INFO) << "reproduce: replays " << options.run_dir << " in " << reproduction.into;
  const absl::Status replayed = Reproducer(options, record, replay, reproduction).Run();
  if (absl::IsCancelled(replayed)) {
    return absl::CancelledError(
        absl::StrCat(replayed.message(), "; the same command with --into=", reproduction.into, " goes on"));
  }
  if (!replayed.ok()) return Annotate(replayed, absl::StrCat("the replay in ", reproduction.into));

  reproduction.kept = !options.into.empty() || !reproduction.status().ok();
  if (!reproduction.kept) RETURN_IF_ERROR(RemoveTree(fs, reproduction.into));
  return reproduction;
}

}  // namespace baton
