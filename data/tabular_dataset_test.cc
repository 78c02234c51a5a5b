#include "data/tabular_dataset.h"

#include <cstring>

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Train is rows 4, 0, 2 and 1 (in this order), of which "a" has mean 5 and deviation 2 and "b" is constant.
Table MakeTable() {
  Table table;
  table.rows = 6;
  table.features = {{"a", {3, 7, 7, 100, 3, -1}}, {"b", {0.1, 0.1, 0.1, 0.1, 0.1, 2.1}}};
  table.labels = {"no", "yes"};
  table.label_ids = {0, 1, 1, 0, 0, 1};
  return table;
}
SplitRows Rows() { return {.train = {4, 0, 2, 1}, .validation = {5}, .holdout = {3}}; }

Table MakeRegression() {
  Table table = MakeTable();
  table.labels.clear();
  table.label_ids.clear();
  table.targets = {10, 30, 30, 0, 10, 25};  // mean 20, deviation 10 over train
  return table;
}

TableConfig Config(TableConfig::Task task) {
  TableConfig config;
  config.set_task(task);
  config.set_target_column("y");
  return config;
}

template <typename T>
std::vector<T> Values(const HostTensor& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

TEST(TabularDatasetTest, StandardisesByTrainAlone) {
  ASSERT_OK_AND_ASSIGN(const TabularDataset dataset,
                       MakeTabularDataset(MakeTable(), Rows(), Config(TableConfig::CLASSIFICATION), "t.csv"));
  ASSERT_EQ(dataset.splits.size(), 3);
  const SplitTensors& train = dataset.splits[0];
  EXPECT_EQ(train.name, "train");
  EXPECT_EQ(train.rows, 4);
  EXPECT_THAT(train.class_counts, ElementsAre(2, 2));
  ASSERT_EQ(train.tensors.size(), 3);
  EXPECT_EQ(train.tensors[0].name, "features");
  EXPECT_EQ(train.tensors[0].dtype, DType::kF32);
  EXPECT_THAT(train.tensors[0].shape, ElementsAre(4, 2));
  EXPECT_THAT(Values<float>(train.tensors[0]), ElementsAre(-1, 0, -1, 0, 1, 0, 1, 0));
  EXPECT_EQ(train.tensors[1].name, "target");
  EXPECT_EQ(train.tensors[1].dtype, DType::kI64);
  EXPECT_THAT(train.tensors[1].shape, ElementsAre(4));
  EXPECT_THAT(Values<int64_t>(train.tensors[1]), ElementsAre(0, 0, 1, 1));
  EXPECT_EQ(train.tensors[2].name, "row");
  EXPECT_THAT(Values<int64_t>(train.tensors[2]), ElementsAre(5, 1, 3, 2));

  EXPECT_EQ(dataset.splits[1].name, "validation");
  EXPECT_THAT(Values<float>(dataset.splits[1].tensors[0]), ElementsAre(-3, 2));
  EXPECT_THAT(dataset.splits[1].class_counts, ElementsAre(0, 1));
  EXPECT_EQ(dataset.splits[2].name, "holdout");
  EXPECT_THAT(Values<float>(dataset.splits[2].tensors[0]), ElementsAre(47.5, 0));
}

TEST(TabularDatasetTest, TheIndexSaysHowToGetTheRawValuesBack) {
  ASSERT_OK_AND_ASSIGN(const TabularDataset dataset,
                       MakeTabularDataset(MakeTable(), Rows(), Config(TableConfig::CLASSIFICATION), "t.csv"));
  const Dataset& index = dataset.index;
  EXPECT_EQ(index.task(), TableConfig::CLASSIFICATION);
  EXPECT_EQ(index.class_count(), 2);
  ASSERT_EQ(index.features_size(), 2);
  EXPECT_EQ(index.features(0).name(), "a");
  EXPECT_EQ(index.features(0).mean(), 5);
  EXPECT_EQ(index.features(0).standard_deviation(), 2);
  EXPECT_EQ(index.features(1).mean(), 0.1);
  EXPECT_EQ(index.features(1).standard_deviation(), 1);
  EXPECT_EQ(index.target().name(), "y");
  EXPECT_FALSE(index.target().has_mean());
}

TEST(TabularDatasetTest, TheTargetOfARegressionIsStandardisedToo) {
  TableConfig config = Config(TableConfig::REGRESSION);
  ASSERT_OK_AND_ASSIGN(TabularDataset dataset, MakeTabularDataset(MakeRegression(), Rows(), config, "t.csv"));
  EXPECT_FALSE(dataset.index.has_class_count());
  EXPECT_EQ(dataset.index.target().mean(), 20);
  EXPECT_EQ(dataset.index.target().standard_deviation(), 10);
  EXPECT_EQ(dataset.splits[0].tensors[1].dtype, DType::kF32);
  EXPECT_THAT(Values<float>(dataset.splits[0].tensors[1]), ElementsAre(-1, -1, 1, 1));
  EXPECT_THAT(Values<float>(dataset.splits[1].tensors[1]), ElementsAre(0.5));
  EXPECT_THAT(dataset.splits[0].class_counts, IsEmpty());

  config.set_standardize_target(false);
  ASSERT_OK_AND_ASSIGN(dataset, MakeTabularDataset(MakeRegression(), Rows(), config, "t.csv"));
  EXPECT_FALSE(dataset.index.target().has_mean());
  EXPECT_THAT(Values<float>(dataset.splits[0].tensors[1]), ElementsAre(10, 10, 30, 30));
  EXPECT_TRUE(dataset.index.features(0).has_mean());
}

TEST(TabularDatasetTest, ValuesStayAsTheyAreOnRequest) {
  TableConfig config = Config(TableConfig::CLASSIFICATION);
  config.set_standardize(false);
  ASSERT_OK_AND_ASSIGN(const TabularDataset dataset, MakeTabularDataset(MakeTable(), Rows(), config, "t.csv"));
  EXPECT_FALSE(dataset.index.features(0).has_mean());
  EXPECT_FALSE(dataset.index.features(0).has_standard_deviation());
  EXPECT_THAT(Values<float>(dataset.splits[0].tensors[0]), ElementsAre(3, 0.1f, 3, 0.1f, 7, 0.1f, 7, 0.1f));
  EXPECT_EQ(dataset.features[0].mean, 5);
}

TEST(TabularDatasetTest, ASplitMayBeEmpty) {
  SplitRows rows = Rows();
  rows.validation.clear();
  ASSERT_OK_AND_ASSIGN(const TabularDataset dataset,
                       MakeTabularDataset(MakeTable(), rows, Config(TableConfig::CLASSIFICATION), "t.csv"));
  EXPECT_EQ(dataset.splits[1].rows, 0);
  EXPECT_THAT(dataset.splits[1].tensors[0].shape, ElementsAre(0, 2));
}

TEST(TabularDatasetTest, RefusesWhatDoesNotFitIn32Bits) {
  TableConfig config = Config(TableConfig::CLASSIFICATION);
  config.set_standardize(false);
  Table table = MakeTable();
  table.features[1].values[3] = 1e39;
  EXPECT_THAT(MakeTabularDataset(table, Rows(), config, "t.csv"),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("t.csv: row 4 (without the header), column \"b\""), HasSubstr("1e+39"))));
  table.features[1].values[3] = 1e308;
  config.set_standardize(true);
  EXPECT_THAT(MakeTabularDataset(table, Rows(), config, "t.csv"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("when it is standardised")));
  table = MakeTable();
  table.features[0].values[0] = table.features[0].values[1] = 1e308;
  EXPECT_THAT(MakeTabularDataset(table, Rows(), config, "t.csv"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("t.csv: column \"a\"")));
}

TEST(TabularDatasetTest, ARowCanHaveAShape) {
  TableConfig config = Config(TableConfig::CLASSIFICATION);
  const auto flat = MakeTabularDataset(MakeTable(), Rows(), config, "t.csv");
  for (const uint32_t size : {1, 2, 1}) config.add_feature_shape(size);
  const auto shaped = MakeTabularDataset(MakeTable(), Rows(), config, "t.csv");
  ASSERT_THAT(shaped, IsOk());
  EXPECT_THAT(shaped->splits[0].tensors[0].shape, ElementsAre(4, 1, 2, 1));
  EXPECT_THAT(shaped->splits[2].tensors[0].shape, ElementsAre(1, 1, 2, 1));
  EXPECT_EQ(shaped->splits[0].tensors[0].bytes, flat->splits[0].tensors[0].bytes);
}

}  // namespace
}  // namespace baton
