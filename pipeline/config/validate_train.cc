#include "pipeline/config/validate_train.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "optim/config_checks.h"
#include "training/validation_metrics.h"

namespace baton {
namespace {

void CheckModel(const ModelConfig& model, LoadConfig::Task task, ConfigProblems& problems) {
  switch (model.kind_case()) {
    case ModelConfig::KIND_NOT_SET:
      problems.Add("train.model is not chosen; one of linear, logistic, mlp and convnet, e.g. train.model.logistic={}");
      break;
    case ModelConfig::kLinear:
      if (task == LoadConfig::CLASSIFICATION) {
        problems.Add(
            "train.model.linear predicts a number, but load.task is CLASSIFICATION; choose "
            "train.model.logistic={} or train.model.mlp.hidden_sizes=[64]");
      }
      break;
    case ModelConfig::kLogistic:
      if (task == LoadConfig::REGRESSION) {
        problems.Add(
            "train.model.logistic predicts a label, but load.task is REGRESSION; choose train.model.linear={} or "
            "train.model.mlp.hidden_sizes=[64]");
      }
      break;
    case ModelConfig::kMlp: {
      const auto& sizes = model.mlp().hidden_sizes();
      problems.Expect(!sizes.empty() && std::count(sizes.begin(), sizes.end(), 0) == 0, "train.model.mlp.hidden_sizes",
                      absl::StrCat("[", absl::StrJoin(sizes, ", "), "]"),
                      "at least one width, none of them 0, e.g. [64, 32]");
      problems.Expect(IsIn0ToBelow1(model.mlp().dropout()), "train.model.mlp.dropout", model.mlp().dropout(),
                      "at least 0 and below 1");
      break;
    }
    case ModelConfig::kConvnet:
      problems.Expect(!model.convnet().channels().empty(), "train.model.convnet.channels", "empty",
                      "one number a block, e.g. [16, 32]");
      problems.Expect(IsIn0ToBelow1(model.convnet().dropout()), "train.model.convnet.dropout",
                      model.convnet().dropout(), "at least 0 and below 1");
      break;
  }
}

void CheckCriterion(const CriterionConfig& criterion, LoadConfig::Task task, ConfigProblems& problems) {
  switch (criterion.kind_case()) {
    case CriterionConfig::KIND_NOT_SET:
      problems.Add(task == LoadConfig::REGRESSION
                       ? "train.criterion is not chosen; train.criterion.mean_squared_error={} fits a regression"
                       : "train.criterion is not chosen; train.criterion.cross_entropy={} fits a classification");
      break;
    case CriterionConfig::kCrossEntropy: {
      if (task == LoadConfig::REGRESSION) {
        problems.Add(
            "train.criterion.cross_entropy needs labels, but load.task is REGRESSION; choose "
            "train.criterion.mean_squared_error={}");
      }
      const auto& weights = criterion.cross_entropy().class_weights();
      problems.Expect(std::all_of(weights.begin(), weights.end(), IsAbove0),
                      "train.criterion.cross_entropy.class_weights",
                      absl::StrCat("[", absl::StrJoin(weights, ", "), "]"), "finite weights above 0");
      break;
    }
    case CriterionConfig::kMeanSquaredError:
      if (task == LoadConfig::CLASSIFICATION) {
        problems.Add(
            "train.criterion.mean_squared_error needs numbers, but load.task is CLASSIFICATION; choose "
            "train.criterion.cross_entropy={}");
      }
      break;
  }
}

// What only a validation split can decide, and by what.
void CheckValidation(const TrainConfig& train, const LoadConfig& load, ConfigProblems& problems) {
  std::vector<std::string> metrics = {"loss"};
  for (std::string& name : ValidationMetrics(train.criterion())) metrics.push_back(std::move(name));
  const bool known = std::find(metrics.begin(), metrics.end(), train.selection_metric()) != metrics.end();
  if (!known && train.criterion().kind_case() != CriterionConfig::KIND_NOT_SET) {
    const std::string nearest = NearestName(train.selection_metric(), metrics);
    problems.Add(absl::StrCat("train.selection_metric is \"", train.selection_metric(),
                              "\"; with this criterion it is ", metrics.size() > 1 ? "one of " : "",
                              absl::StrJoin(metrics, ", "),
                              nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")));
  }
  if (load.split().validation_fraction() != 0) return;
  const auto needs_split = [&](absl::string_view field, absl::string_view otherwise) {
    problems.Add(
        absl::StrCat(field, " needs a validation split; raise load.split.validation_fraction, or ", otherwise));
  };
  if (train.early_stopping().patience() > 0) {
    needs_split("train.early_stopping.patience", "set train.early_stopping.patience=0");
  }
  if (train.schedule().has_plateau()) needs_split("train.schedule.plateau", "choose another schedule");
  if (known && train.selection_metric() != "loss") needs_split("train.selection_metric", "leave it out");
}

}  // namespace

void CheckTrain(const TrainConfig& train, const LoadConfig& load, ConfigProblems& problems) {
  CheckModel(train.model(), load.task(), problems);
  CheckCriterion(train.criterion(), load.task(), problems);
  CheckOptimizer(train.optimizer(), problems);
  CheckSchedule(train.schedule(), problems);
  if (train.has_ema()) CheckEma(train.ema(), problems);
  if (train.has_initial_weights() && train.initial_weights().snapshot().empty()) {
    problems.Add(
        "train.initial_weights.snapshot is missing; name the run directory or the snapshot with whose weights training "
        "is to begin, e.g. train.initial_weights.snapshot=runs/other");
  }
  const uint32_t micro_batches = train.micro_batches();
  problems.Expect(train.batch_size() > 0, "train.batch_size", train.batch_size(), "at least 1");
  problems.Expect(micro_batches > 0 && (micro_batches & (micro_batches - 1)) == 0, "train.micro_batches", micro_batches,
                  "a power of two: 1, 2, 4, 8, ...");
  if (train.batch_size() > 0) {
    problems.Expect(micro_batches <= train.batch_size(), "train.micro_batches", micro_batches,
                    absl::StrCat("at most train.batch_size, which is ", train.batch_size()));
  }
  // Far above any machine, far below what would use up all threads of one.
  constexpr uint32_t kMostThreads = 4096;
  problems.Expect(train.threads_per_worker() > 0 && train.threads_per_worker() <= kMostThreads,
                  "train.threads_per_worker", train.threads_per_worker(), absl::StrCat("from 1 to ", kMostThreads));
  problems.Expect(train.workers() <= kMostThreads, "train.workers", train.workers(),
                  absl::StrCat("at most ", kMostThreads, ", or 0 to use what there is"));
  problems.Expect(IsAtLeast0(train.clip_norm()), "train.clip_norm", train.clip_norm(),
                  "above 0 and finite, or 0 for no clipping");
  problems.Expect(train.max_epochs() > 0, "train.max_epochs", train.max_epochs(), "at least 1");
  problems.Expect(IsAtLeast0(train.early_stopping().min_delta()), "train.early_stopping.min_delta",
                  train.early_stopping().min_delta(), "at least 0 and finite");
  CheckValidation(train, load, problems);
  problems.Expect(train.snapshots().keep_last() > 0, "train.snapshots.keep_last", train.snapshots().keep_last(),
                  "at least 1");
  problems.Expect(train.snapshots().keep_best() > 0, "train.snapshots.keep_best", train.snapshots().keep_best(),
                  "at least 1");
  const std::vector<std::string> devices = {"cpu", "cuda", "auto"};
  if (std::find(devices.begin(), devices.end(), train.device()) == devices.end()) {
    const std::string nearest = NearestName(train.device(), devices);
    problems.Add(absl::StrCat("train.device is \"", train.device(), "\"; expected one of cpu, cuda, auto",
                              nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")));
  }
}

}  // namespace baton
