#include "data/data_card.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(DataCardTest, TellsOfAClassification) {
  TabularDataset dataset;
  dataset.index.set_class_count(2);
  dataset.index.mutable_target()->set_name("y");
  dataset.index.add_features()->set_name("a|b");
  dataset.index.mutable_features(0)->set_mean(5);
  dataset.features = {{.mean = 5, .standard_deviation = 2, .minimum = 3, .maximum = 1234567.8}};
  dataset.splits = {{"train", 4, {2, 2}, {}}, {"holdout", 1, {1, 0}, {}}};
  EXPECT_EQ(MakeDataCard({"00ff", 123, 7}, dataset, {"no", "yes,\r\nof course"}), R"(# Data card

A table of 1 feature for the classification into 2 classes of "y".

- Raw file: 123 bytes, SHA-256 `00ff`
- Split: by a hash of each row's content and the seed 7, within each class

## Rows

| split | rows | no | yes, of course |
| --- | --- | --- | --- |
| train | 4 | 2 | 2 |
| holdout | 1 | 1 | 0 |

## Columns

In the raw file's units, over the training split; the standard deviation is the population's (1 for a constant column). A standardised column is stored as (value - mean) / standard deviation.

| column | role | mean | standard deviation | minimum | maximum | standardised |
| --- | --- | --- | --- | --- | --- | --- |
| a\|b | feature | 5 | 2 | 3 | 1.23457e+06 | yes |
)");
}

TEST(DataCardTest, TellsOfARegression) {
  TabularDataset dataset;
  dataset.index.mutable_target()->set_name("y");
  dataset.index.mutable_target()->set_mean(20);
  dataset.index.add_features()->set_name("a");
  dataset.features = {{.mean = 5, .standard_deviation = 2, .minimum = 3, .maximum = 7}};
  dataset.target = {.mean = 20, .standard_deviation = 10, .minimum = 10, .maximum = 30};
  dataset.splits = {{"train", 4, {}, {}}};
  EXPECT_THAT(MakeDataCard({"00ff", 123, 7}, dataset, {}),
              AllOf(HasSubstr("1 feature for the regression of \"y\"."), HasSubstr("| train | 4 |\n"),
                    HasSubstr("| a | feature | 5 | 2 | 3 | 7 | no |\n"),
                    HasSubstr("| y | target | 20 | 10 | 10 | 30 | yes |\n"), Not(HasSubstr("class"))));
}

}  // namespace
}  // namespace baton
