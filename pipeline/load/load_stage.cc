#include "pipeline/load/load_stage.h"

#include <glog/logging.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest_cache.h"
#include "base/files.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "data/table.h"
#include "metadata/section_writer.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/load/load_record.h"
#include "pipeline/load/make_dataset.h"
#include "pipeline/load/raw_file.h"
#include "pipeline/plan/stage_work.h"

namespace baton {
namespace {

// "569 rows of 30 features: 313 train, 85 validation, 171 holdout".
std::string Summary(const Dataset& index) {
  uint64_t rows = 0;
  std::vector<std::string> splits;
  for (const Split& split : index.splits()) {
    rows += split.rows();
    splits.push_back(absl::StrCat(split.rows(), " ", split.name()));
  }
  return absl::StrCat(rows, " rows of ", index.features_size(), " features: ", absl::StrJoin(splits, ", "));
}

// Ends the attempt that did not make a dataset because of `error`, which is returned whatever becomes of recording it.
absl::Status RecordError(const absl::Status& error, SectionWriter<LoadSection>& writer) {
  const absl::Status recorded = absl::IsCancelled(error) ? writer.FinishAttempt(StageRun::INTERRUPTED)
                                                         : writer.FinishAttempt(StageRun::FAILED, error.message());
  LOG_IF(ERROR, !recorded.ok()) << "load: the record cannot tell what went wrong: " << recorded.message();
  return error;
}

}  // namespace

absl::Status RunLoad(const StageOptions& options) {
  InstallStopSignals();
  FileSystem& fs = *options.fs;
  const RunDirectory run(options.run_dir);
  ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(options));
  DigestCache digests(fs, run.DigestCacheFile());
  ASSIGN_OR_RETURN(const std::optional<StageWork> work, BeginWork(options, config, run, kLoadStage, PlanLoad, digests));
  if (!work.has_value()) return absl::OkStatus();
  const KeyInputs& inputs = work->plan.inputs;
  SectionWriter<LoadSection> writer(*work->store);
  ASSIGN_OR_RETURN(const RawFile raw, FindRawFile(config.load(), work->plan.raw_file));
  // A column that is not there is refused here, so that what was there stays as it is.
  RETURN_IF_ERROR(CheckRawColumns(fs, raw, config.load()));
  RETURN_IF_ERROR(SaveConfig(fs, run.path(), config));

  RETURN_IF_ERROR(writer.BeginAttempt(inputs, {.program_version = kVersion, .libraries = {{"arrow", ArrowVersion()}}}));
  const std::string folder = run.OutputFolder(kLoadStage, inputs.Key());
  const absl::StatusOr<MadeDataset> dataset =
      MakeDataset(fs, config, raw, folder, digests, [&writer] { return writer.CheckAttempt(); });
  if (!dataset.ok()) return RecordError(dataset.status(), writer);
  RETURN_IF_ERROR(writer.FinishAttempt(StageRun::COMPLETE, "", [&](LoadSection& section) {
    FillLoadSection(run, folder, config.load(), raw, *dataset, section);
  }));
  digests.Save();
  LOG(INFO) << "load: " << Summary(dataset->index);
  return absl::OkStatus();
}

}  // namespace baton
