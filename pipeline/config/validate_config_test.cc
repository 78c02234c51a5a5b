#include <string>
#include <utility>
#include <vector>

#include "base/fields.h"
#include "base/testing/status_matchers.h"
#include "pipeline/config/pipeline_config.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// What is said of a good configuration with these overrides.
std::string Problem(const std::vector<std::string>& overrides) {
  PipelineConfig config;
  EXPECT_THAT(ParseTextMessage(R"(
    load { raw_filepath: "/data/iris.csv" table { target_column: "species" task: CLASSIFICATION } }
    train {
      model { mlp { hidden_sizes: [16, 8] } }
      criterion { cross_entropy {} }
      optimizer { adamw {} }
    })",
                               "good", config),
              IsOk());
  for (const std::string& assignment : overrides) EXPECT_THAT(ApplyOverride(assignment, config), IsOk()) << assignment;
  const absl::Status status = ValidateConfig(config);
  EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(ValidateConfigTest, TakesWhatIsInRange) {
  for (const std::vector<std::string>& overrides : std::vector<std::vector<std::string>>{
           {},
           {"load.split.validation_fraction=0", "load.split.holdout_fraction=0.99"},
           {"train.model.mlp.dropout=0.999"},
           {"train.model.logistic={}"},
           {"load.table.task=REGRESSION", "train.model.linear={}", "train.criterion.mean_squared_error={}"},
           {"load.table.task=REGRESSION", "train.criterion.mean_squared_error={}"},
           {"load.table.feature_shape=[1, 28, 28]"},
           {"load.table.feature_shape=[1, 28, 28]", "train.model.convnet.channels=[8]"},
           {"train.criterion.cross_entropy.class_weights=[0.5, 1.5]"},
           {"train.optimizer.adamw={beta1: 0 beta2: 0}"},
           {"train.optimizer.sgd.momentum=0.99"},
           {"train.schedule.constant={}"},
           {"train.schedule={cosine { final_factor: 1 } warmup_steps: 10}"},
           {"train.schedule={cosine {} warmup_steps: 10 horizon_steps: 11}"},
           {"train.batch_size=1"},
           {"train.micro_batches=32"},
           {"train.workers=0", "train.threads_per_worker=4096"},
           {"train.early_stopping.patience=3"},
           {"train.selection_metric=accuracy"},
           {"train.schedule.plateau={}", "train.ema={}"},
           {"load.split.validation_fraction=0", "train.selection_metric=loss", "train.ema={}"},
           {"train.device=cpu"},
           {"train.initial_weights.snapshot=/runs/other"},
       }) {
    EXPECT_EQ(Problem(overrides), "") << testing::PrintToString(overrides);
  }
}

TEST(ValidateConfigTest, RefusesEachFieldOutOfRangeByItsName) {
  for (const auto& [override, message] : std::vector<std::pair<std::string, std::string>>{
           {"load.raw_filepath=", "load.raw_filepath is missing"},
           {"load.table.target_column=", "load.table.target_column is missing"},
           {"load.table.task=TASK_UNSPECIFIED", "load.table.task is missing"},
           {"load.table.ignored_columns=[id, species]",
            "load.table.ignored_columns holds the target column \"species\""},
           {"load.split.validation_fraction=-0.1", "load.split.validation_fraction is -0.1"},
           {"load.split.validation_fraction=1", "load.split.validation_fraction is 1"},
           {"load.split.holdout_fraction=0", "load.split.holdout_fraction is 0"},
           {"train.model.convnet.channels=[8]", "but theirs is a row of numbers; set load.table.feature_shape"},
           {"load.table.feature_shape=[1, 0]", "load.table.feature_shape is [1, 0]"},
           {"load.table.feature_shape=[65536, 65536, 65536, 65536]", "load.table.feature_shape is [65536"},
           {"load.split.holdout_fraction=1", "load.split.holdout_fraction is 1"},
           {"load.split={validation_fraction: 0.5 holdout_fraction: 0.5}", "is 1; expected below 1, so that something"},
           {"load.split={validation_fraction: nan}", "load.split.validation_fraction is nan"},
           {"load.split={holdout_fraction: nan}", "load.split.holdout_fraction is nan"},
           {"train.model={}", "train.model is not chosen"},
           {"train.model.linear={}",
            "train.model.linear predicts a number, but the target is a class (load.table.task is CLASSIFICATION)"},
           {"train.model.mlp={}", "train.model.mlp.hidden_sizes is []"},
           {"train.model.mlp.hidden_sizes=[8, 0]", "train.model.mlp.hidden_sizes is [8, 0]"},
           {"train.model.mlp.dropout=1", "train.model.mlp.dropout is 1"},
           {"train.model.mlp.dropout=-0.5", "train.model.mlp.dropout is -0.5"},
           {"train.model.mlp={hidden_sizes: 8 dropout: nan}", "train.model.mlp.dropout is nan"},
           {"train.criterion={}", "train.criterion is not chosen; choose train.criterion.cross_entropy={}"},
           {"train.criterion.mean_squared_error={}",
            "train.criterion.mean_squared_error compares with a number, but the target is a class"},
           {"train.criterion.cross_entropy.class_weights=[1, -1]", "class_weights is [1, -1]"},
           {"train.criterion.cross_entropy.class_weights=[0, 1.5]", "class_weights is [0, 1.5]"},
           {"train.criterion.cross_entropy={class_weights: [1, inf]}", "class_weights is [1, inf]"},
           {"train.criterion.cross_entropy={class_weights: [1, nan]}", "class_weights is [1, nan]"},
           {"train.initial_weights={}", "train.initial_weights.snapshot is missing"},
           {"train.initial_weights.snapshot=", "train.initial_weights.snapshot is missing"},
           {"train.optimizer={}", "train.optimizer is not chosen"},
           {"train.optimizer.learning_rate=0", "train.optimizer.learning_rate is 0"},
           {"train.optimizer={learning_rate: inf adamw {}}", "train.optimizer.learning_rate is inf"},
           {"train.optimizer={learning_rate: nan adamw {}}", "train.optimizer.learning_rate is nan"},
           {"train.optimizer.weight_decay=-1", "train.optimizer.weight_decay is -1"},
           {"train.optimizer={weight_decay: inf adamw {}}", "train.optimizer.weight_decay is inf"},
           {"train.optimizer.sgd.momentum=1", "train.optimizer.sgd.momentum is 1"},
           {"train.optimizer.sgd={momentum: nan}", "train.optimizer.sgd.momentum is nan"},
           {"train.optimizer.adamw.beta1=1", "train.optimizer.adamw.beta1 is 1"},
           {"train.optimizer.adamw.beta2=-0.1", "train.optimizer.adamw.beta2 is -0.1"},
           {"train.optimizer.adamw.epsilon=0", "train.optimizer.adamw.epsilon is 0"},
           {"train.schedule={cosine {} warmup_steps: 10 horizon_steps: 10}", "train.schedule.horizon_steps is 10"},
           {"train.schedule={cosine {} horizon_steps: 0}", "train.schedule.horizon_steps is 0"},
           {"train.schedule.cosine.final_factor=1.5", "train.schedule.cosine.final_factor is 1.5"},
           {"train.schedule.cosine={final_factor: nan}", "train.schedule.cosine.final_factor is nan"},
           {"train.batch_size=0", "train.batch_size is 0"},
           {"train.micro_batches=0", "train.micro_batches is 0"},
           {"train.micro_batches=6", "train.micro_batches is 6; expected a power of two"},
           {"train.micro_batches=64", "train.micro_batches is 64; expected at most train.batch_size, which is 32"},
           {"train.threads_per_worker=0", "train.threads_per_worker is 0"},
           {"train.threads_per_worker=4097", "train.threads_per_worker is 4097"},
           {"train.workers=4097", "train.workers is 4097"},
           {"train.clip_norm=-1", "train.clip_norm is -1"},
           {"train.max_epochs=0", "train.max_epochs is 0"},
           {"train.early_stopping.min_delta=-1", "train.early_stopping.min_delta is -1"},
           {"train.snapshots.keep_last=0", "train.snapshots.keep_last is 0"},
           {"train.snapshots.keep_best=0", "train.snapshots.keep_best is 0"},
           {"train.selection_metric=acuracy",
            "train.selection_metric is \"acuracy\"; with this criterion it is one of loss, accuracy; did you mean "
            "accuracy?"},
           {"train.schedule.plateau.factor=1", "train.schedule.plateau.factor is 1"},
           {"train.ema.decay=1", "train.ema.decay is 1"},
           {"train.device=cudaa", "expected one of cpu, cuda, auto; did you mean cuda?"},
           {"evaluate.batch_size=0", "evaluate.batch_size is 0"},
           {"name=\"\\377\"", "name is \"\xEF\xBF\xBD\"; expected UTF-8"},
           {"load.table.ignored_columns=[\"\\377\"]", "load.table.ignored_columns is \"\xEF\xBF\xBD\"; expected UTF-8"},
           {"load.raw_filepath=\"/a\\000b\"", "load.raw_filepath holds a NUL"},
       }) {
    const std::string problem = Problem({override});
    EXPECT_THAT(problem, HasSubstr(message)) << override;
    EXPECT_THAT(problem, Not(HasSubstr("\n"))) << override << " is one mistake and was told as several";
  }
  EXPECT_THAT(Problem({"load.split.validation_fraction=0", "train.early_stopping.patience=3"}),
              HasSubstr("train.early_stopping.patience needs a validation split"));
  EXPECT_THAT(Problem({"load.split.validation_fraction=0", "train.schedule.plateau={}"}),
              HasSubstr("train.schedule.plateau needs a validation split; raise load.split.validation_fraction"));
  EXPECT_THAT(Problem({"load.split.validation_fraction=0", "train.selection_metric=accuracy"}),
              HasSubstr("train.selection_metric needs a validation split; raise load.split.validation_fraction"));
  EXPECT_THAT(Problem({"load.table.task=REGRESSION", "train.criterion.mean_squared_error={}",
                       "train.selection_metric=accuracy"}),
              HasSubstr("with this criterion it is loss"));
  EXPECT_THAT(Problem({"load.table.task=REGRESSION", "train.criterion={}"}),
              HasSubstr("train.criterion is not chosen; choose train.criterion.mean_squared_error={}"));
  EXPECT_THAT(
      Problem({"load.table.task=REGRESSION", "train.model.logistic={}", "train.criterion.mean_squared_error={}"}),
      HasSubstr("train.model.logistic predicts a class, but the target is a number"));
  EXPECT_THAT(Problem({"load.table.task=REGRESSION"}),
              HasSubstr("train.criterion.cross_entropy compares with a class"));
}

TEST(ValidateConfigTest, TellsAllMistakesAtOnce) {
  const absl::Status status = ValidateConfig(PipelineConfig());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("5 fields cannot be used:\n  load.raw_filepath"),
                                     HasSubstr("\n  load.table is missing"), HasSubstr("\n  train.model"),
                                     HasSubstr("\n  train.criterion"), HasSubstr("\n  train.optimizer"))));
}

}  // namespace
}  // namespace baton
