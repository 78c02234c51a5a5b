#include "pipeline/keys.h"

#include "absl/strings/str_cat.h"
#include "base/fields.h"

namespace baton {

KeyInputs LoadKey(const PipelineConfig& config, absl::string_view raw_sha256) {
  KeyInputs inputs;
  inputs.Add("raw_file.sha256", raw_sha256);
  inputs.Add("seed", absl::StrCat(config.seed()));
  inputs.Add(FrozenFields(config.load(), "load"));
  inputs.Add("load.format_version", absl::StrCat(kLoadFormatVersion));
  return inputs;
}

KeyInputs TrainKey(const PipelineConfig& config, const LoadSection& load) {
  KeyInputs inputs;
  inputs.Add("load.dataset", load.dataset_version());
  inputs.Add("seed", absl::StrCat(config.seed()));
  inputs.Add(FrozenFields(config.train(), "train"));
  inputs.Add("train.format_version", absl::StrCat(kTrainFormatVersion));
  return inputs;
}

const SnapshotReference& EvaluatedSnapshot(const PipelineConfig& config, const TrainSection& train) {
  const bool best = config.evaluate().snapshot() == EvaluateConfig::BEST && train.has_best_snapshot();
  return best ? train.best_snapshot() : train.last_snapshot();
}

KeyInputs EvaluateKey(const PipelineConfig& config, const TrainSection& train, const LoadSection& load) {
  KeyInputs inputs;
  inputs.Add("load.dataset", load.dataset_version());
  inputs.Add("train.model", EvaluatedSnapshot(config, train).model_sha256());
  inputs.Add(FrozenFields(config.train().model(), "train.model_config"));
  inputs.Add(FrozenFields(config.evaluate(), "evaluate"));
  inputs.Add("evaluate.format_version", absl::StrCat(kEvaluateFormatVersion));
  return inputs;
}

}  // namespace baton
