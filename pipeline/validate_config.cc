// ValidateConfig of pipeline_config.h.

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "base/utf8.h"
#include "google/protobuf/descriptor.h"
#include "optim/schedule.h"
#include "pipeline/pipeline_config.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Problems {
 public:
  // Notes a field whose value does not fit. Conditions are written so that NaN does not.
  template <typename T>
  void Expect(bool fits, absl::string_view field, const T& value, absl::string_view expected) {
    if (!fits) Add(absl::StrCat(field, " is ", value, "; expected ", expected));
  }

  void Add(std::string problem) { problems_.push_back(std::move(problem)); }

  absl::Status ToStatus() const {
    if (problems_.empty()) return absl::OkStatus();
    if (problems_.size() == 1) return absl::InvalidArgumentError(problems_.front());
    return absl::InvalidArgumentError(
        absl::StrCat(problems_.size(), " fields cannot be used:\n  ", absl::StrJoin(problems_, "\n  ")));
  }

 private:
  std::vector<std::string> problems_;
};

bool AtLeast0(double value) { return value >= 0 && std::isfinite(value); }
bool Above0(double value) { return value > 0 && std::isfinite(value); }
bool In0To1(double value) { return value >= 0 && value < 1; }

// Text ends up in the record, which is UTF-8, and in paths, which end at a NUL.
void CheckText(const Message& message, const std::string& prefix, Problems& problems) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string path = prefix + field->name();
    const int size = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        CheckText(field->is_repeated() ? message.GetReflection()->GetRepeatedMessage(message, field, i)
                                       : message.GetReflection()->GetMessage(message, field),
                  path + ".", problems);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const std::string text = field->is_repeated() ? message.GetReflection()->GetRepeatedString(message, field, i)
                                                      : message.GetReflection()->GetString(message, field);
        if (!IsUtf8(text)) {
          problems.Add(
              absl::StrCat(path, " is \"", ReplaceInvalidUtf8(text), "\"; expected UTF-8: rename what it names"));
        }
        if (text.find('\0') != std::string::npos) problems.Add(path + " holds a NUL; remove it");
      }
    }
  }
}

void CheckLoad(const LoadConfig& load, Problems& problems) {
  if (load.raw_filepath().empty()) {
    problems.Add("load.raw_filepath is missing; name the file with the data, e.g. load.raw_filepath=data.csv");
  }
  if (load.target_column().empty()) {
    problems.Add("load.target_column is missing; name the column to predict, e.g. load.target_column=label");
  }
  const auto& ignored = load.ignored_columns();
  if (std::find(ignored.begin(), ignored.end(), load.target_column()) != ignored.end()) {
    problems.Add(absl::StrCat("load.ignored_columns holds the target column \"", load.target_column(),
                              "\"; take it out, or choose another load.target_column"));
  }
  if (load.task() == LoadConfig::TASK_UNSPECIFIED) {
    problems.Add("load.task is missing; CLASSIFICATION to predict a label, REGRESSION to predict a number");
  }
  const double validation = load.split().validation_fraction();
  const double holdout = load.split().holdout_fraction();
  problems.Expect(In0To1(validation), "load.split.validation_fraction", validation, "at least 0 and below 1");
  problems.Expect(holdout > 0 && holdout < 1, "load.split.holdout_fraction", holdout, "above 0 and below 1");
  if (In0To1(validation) && holdout < 1) {
    problems.Expect(validation + holdout < 1, "load.split.validation_fraction + load.split.holdout_fraction",
                    validation + holdout, "below 1, so that something is left for training");
  }
}

void CheckModel(const ModelConfig& model, LoadConfig::Task task, Problems& problems) {
  switch (model.kind_case()) {
    case ModelConfig::KIND_NOT_SET:
      problems.Add("train.model is not chosen; one of linear, logistic and mlp, e.g. train.model.logistic={}");
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
      problems.Expect(In0To1(model.mlp().dropout()), "train.model.mlp.dropout", model.mlp().dropout(),
                      "at least 0 and below 1");
      break;
    }
  }
}

void CheckCriterion(const CriterionConfig& criterion, LoadConfig::Task task, Problems& problems) {
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
      problems.Expect(std::all_of(weights.begin(), weights.end(), Above0),
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

void CheckOptimizer(const OptimizerConfig& optimizer, Problems& problems) {
  problems.Expect(Above0(optimizer.learning_rate()), "train.optimizer.learning_rate", optimizer.learning_rate(),
                  "above 0 and finite");
  problems.Expect(AtLeast0(optimizer.weight_decay()), "train.optimizer.weight_decay", optimizer.weight_decay(),
                  "at least 0 and finite");
  switch (optimizer.kind_case()) {
    case OptimizerConfig::KIND_NOT_SET:
      problems.Add("train.optimizer is not chosen; one of sgd, adamw and lion, e.g. train.optimizer.adamw={}");
      break;
    case OptimizerConfig::kSgd:
      problems.Expect(In0To1(optimizer.sgd().momentum()), "train.optimizer.sgd.momentum", optimizer.sgd().momentum(),
                      "at least 0 and below 1");
      break;
    case OptimizerConfig::kAdamw: {
      const AdamWConfig& adamw = optimizer.adamw();
      problems.Expect(In0To1(adamw.beta1()), "train.optimizer.adamw.beta1", adamw.beta1(), "at least 0 and below 1");
      problems.Expect(In0To1(adamw.beta2()), "train.optimizer.adamw.beta2", adamw.beta2(), "at least 0 and below 1");
      problems.Expect(Above0(adamw.epsilon()), "train.optimizer.adamw.epsilon", adamw.epsilon(), "above 0 and finite");
      break;
    }
    case OptimizerConfig::kLion: {
      const LionConfig& lion = optimizer.lion();
      problems.Expect(In0To1(lion.beta1()), "train.optimizer.lion.beta1", lion.beta1(), "at least 0 and below 1");
      problems.Expect(In0To1(lion.beta2()), "train.optimizer.lion.beta2", lion.beta2(), "at least 0 and below 1");
      break;
    }
  }
}

// No schedule is a constant one.
void CheckSchedule(const ScheduleConfig& schedule, Problems& problems) {
  if (HasHorizon(schedule) && schedule.has_horizon_steps()) {
    problems.Expect(schedule.horizon_steps() > schedule.warmup_steps(), "train.schedule.horizon_steps",
                    schedule.horizon_steps(),
                    absl::StrCat("more than warmup_steps, which is ", schedule.warmup_steps()));
  }
  const CosineScheduleConfig& cosine = schedule.cosine();
  problems.Expect(cosine.final_factor() >= 0 && cosine.final_factor() <= 1, "train.schedule.cosine.final_factor",
                  cosine.final_factor(), "from 0 to 1");
}

void CheckTrain(const TrainConfig& train, const LoadConfig& load, Problems& problems) {
  CheckModel(train.model(), load.task(), problems);
  CheckCriterion(train.criterion(), load.task(), problems);
  CheckOptimizer(train.optimizer(), problems);
  CheckSchedule(train.schedule(), problems);
  const uint32_t shards = train.gradient_shards();
  problems.Expect(train.batch_size() > 0, "train.batch_size", train.batch_size(), "at least 1");
  problems.Expect(shards > 0 && (shards & (shards - 1)) == 0, "train.gradient_shards", shards,
                  "a power of two: 1, 2, 4, 8, ...");
  if (train.batch_size() > 0) {
    problems.Expect(shards <= train.batch_size(), "train.gradient_shards", shards,
                    absl::StrCat("at most train.batch_size, which is ", train.batch_size()));
  }
  // Far above any machine, far below what would use up all threads of one.
  constexpr uint32_t kMostThreads = 4096;
  problems.Expect(train.threads_per_worker() > 0 && train.threads_per_worker() <= kMostThreads,
                  "train.threads_per_worker", train.threads_per_worker(), absl::StrCat("from 1 to ", kMostThreads));
  problems.Expect(train.workers() <= kMostThreads, "train.workers", train.workers(),
                  absl::StrCat("at most ", kMostThreads, ", or 0 to use what there is"));
  problems.Expect(AtLeast0(train.clip_norm()), "train.clip_norm", train.clip_norm(),
                  "above 0 and finite, or 0 for no clipping");
  problems.Expect(train.max_epochs() > 0, "train.max_epochs", train.max_epochs(), "at least 1");
  problems.Expect(AtLeast0(train.early_stopping().min_delta()), "train.early_stopping.min_delta",
                  train.early_stopping().min_delta(), "at least 0 and finite");
  if (train.early_stopping().patience() > 0 && load.split().validation_fraction() == 0) {
    problems.Add(
        "train.early_stopping.patience needs a validation split; raise load.split.validation_fraction, or set "
        "train.early_stopping.patience=0");
  }
  problems.Expect(train.snapshots().keep_last() > 0, "train.snapshots.keep_last", train.snapshots().keep_last(),
                  "at least 1");
  const std::vector<std::string> devices = {"cpu", "cuda", "auto"};
  if (std::find(devices.begin(), devices.end(), train.device()) == devices.end()) {
    const std::string nearest = NearestName(train.device(), devices);
    problems.Add(absl::StrCat("train.device is \"", train.device(), "\"; expected one of cpu, cuda, auto",
                              nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")));
  }
}

}  // namespace

absl::Status ValidateConfig(const PipelineConfig& config) {
  Problems problems;
  CheckText(config, "", problems);
  CheckLoad(config.load(), problems);
  CheckTrain(config.train(), config.load(), problems);
  problems.Expect(config.evaluate().batch_size() > 0, "evaluate.batch_size", config.evaluate().batch_size(),
                  "at least 1");
  return problems.ToStatus();
}

}  // namespace baton
