#include "training/config_checks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "models/config_registry.h"
#include "optim/config_checks.h"

namespace baton {
namespace {

// What the best snapshot can be chosen by.
std::vector<std::string> SelectionMetrics(const std::vector<MetricSpec>& metrics) {
  std::vector<std::string> names = {"loss"};
  for (const MetricSpec& metric : metrics) names.push_back(metric.name);
  return names;
}

// Notes a value that is none of `known`, with the nearest of them.
void ExpectOneOf(absl::string_view field, const std::string& value, const std::vector<std::string>& known,
                 absl::string_view expected, ConfigProblems& problems) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  const std::string nearest = NearestName(value, known);
  problems.Add(absl::StrCat(field, " is \"", value, "\"; ", expected, known.size() > 1 ? "one of " : "",
                            absl::StrJoin(known, ", "),
                            nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")));
}

void CheckStep(const TrainConfig& train, ConfigProblems& problems) {
  const uint32_t micro_batches = train.micro_batches();
  constexpr uint32_t kMostExamples = 1u << 30;
  problems.Expect(train.batch_size() > 0 && train.batch_size() <= kMostExamples, "train.batch_size", train.batch_size(),
                  absl::StrCat("from 1 to ", kMostExamples));
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
}

}  // namespace

void CheckTrainConfig(const TrainConfig& train, const DataDescription& data, ConfigProblems& problems) {
  CheckModelConfig(train.model(), data, "train.model", problems);
  CheckCriterionConfig(train.criterion(), data, "train.criterion", problems);
  if (train.has_initial_weights() && train.initial_weights().snapshot().empty()) {
    problems.Add(
        "train.initial_weights.snapshot is missing; name the run directory or the snapshot with whose weights training "
        "is to begin, e.g. train.initial_weights.snapshot=runs/other");
  }
  CheckTraining(train, CriterionMetrics(train.criterion()), problems);
}

void CheckTraining(const TrainConfig& train, const std::vector<MetricSpec>& metrics, ConfigProblems& problems) {
  CheckOptimizer(train.optimizer(), problems);
  CheckSchedule(train.schedule(), problems);
  if (train.has_ema()) CheckEma(train.ema(), problems);
  CheckStep(train, problems);
  problems.Expect(!train.has_max_epochs() || train.max_epochs() > 0, "train.max_epochs", train.max_epochs(),
                  "at least 1, or not set");
  problems.Expect(!train.has_max_steps() || train.max_steps() > 0, "train.max_steps", train.max_steps(),
                  "at least 1, or not set");
  problems.Expect(IsAtLeast0(train.early_stopping().min_delta()), "train.early_stopping.min_delta",
                  train.early_stopping().min_delta(), "at least 0 and finite");
  ExpectOneOf("train.selection_metric", train.selection_metric(), SelectionMetrics(metrics),
              "with this criterion it is ", problems);
  problems.Expect(train.snapshots().keep_last() > 0, "train.snapshots.keep_last", train.snapshots().keep_last(),
                  "at least 1");
  problems.Expect(train.snapshots().keep_best() > 0, "train.snapshots.keep_best", train.snapshots().keep_best(),
                  "at least 1");
  ExpectOneOf("train.device", train.device(), {"cpu", "cuda", "auto"}, "expected ", problems);
}

void CheckWithoutValidation(const TrainConfig& train, const std::vector<MetricSpec>& metrics, absl::string_view remedy,
                            ConfigProblems& problems) {
  const auto needs_validation = [&](absl::string_view field, absl::string_view otherwise) {
    problems.Add(absl::StrCat(field, " needs a validation split; ", remedy, ", or ", otherwise));
  };
  if (train.early_stopping().patience() > 0) {
    needs_validation("train.early_stopping.patience", "set train.early_stopping.patience=0");
  }
  if (train.schedule().has_plateau()) needs_validation("train.schedule.plateau", "choose another schedule");
  const std::vector<std::string> names = SelectionMetrics(metrics);
  // An unknown metric is told of already.
  const bool known = std::find(names.begin(), names.end(), train.selection_metric()) != names.end();
  if (known && train.selection_metric() != "loss") needs_validation("train.selection_metric", "leave it out");
}

}  // namespace baton
