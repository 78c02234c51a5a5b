#include "data/load_config.h"

#include <limits>

#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::HasSubstr;

LoadConfig Good() {
  LoadConfig config;
  config.set_raw_filepath("/data/iris.csv");
  config.set_target_column("species");
  config.set_task(LoadConfig::CLASSIFICATION);
  return config;
}

void ExpectRefused(const LoadConfig& config, absl::string_view message) {
  EXPECT_THAT(CheckLoadConfig(config), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(std::string(message))));
}

TEST(LoadConfigTest, TheDefaultsAreGood) { EXPECT_THAT(CheckLoadConfig(Good()), IsOk()); }

TEST(LoadConfigTest, NamesWhatIsMissing) {
  LoadConfig config = Good();
  config.clear_raw_filepath();
  ExpectRefused(config, "load.raw_filepath is not set");
  config = Good();
  config.clear_target_column();
  ExpectRefused(config, "load.target_column is not set");
  config = Good();
  config.clear_task();
  ExpectRefused(config, "load.task is not set");
}

TEST(LoadConfigTest, TheTargetCannotBeIgnored) {
  LoadConfig config = Good();
  config.add_ignored_columns("id");
  EXPECT_THAT(CheckLoadConfig(config), IsOk());
  config.add_ignored_columns("species");
  ExpectRefused(config, "load.ignored_columns names \"species\"");
}

TEST(LoadConfigTest, FractionsLeaveSomethingToTrainOn) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double validation : {-0.1, 1.0, nan}) {
    LoadConfig config = Good();
    config.mutable_split()->set_validation_fraction(validation);
    ExpectRefused(config, "load.split.validation_fraction is");
  }
  for (const double holdout : {-0.1, 0.0, 1.0, nan}) {
    LoadConfig config = Good();
    config.mutable_split()->set_holdout_fraction(holdout);
    ExpectRefused(config, "load.split.holdout_fraction is");
  }
  LoadConfig config = Good();
  config.mutable_split()->set_validation_fraction(0);
  config.mutable_split()->set_holdout_fraction(0.999);
  EXPECT_THAT(CheckLoadConfig(config), IsOk());
  config.mutable_split()->set_validation_fraction(0.5);
  config.mutable_split()->set_holdout_fraction(0.5);
  ExpectRefused(config, "leaves nothing to train on");
}

TEST(LoadConfigTest, TheFormatIsToldByTheEndingUnlessItIsGiven) {
  LoadConfig config = Good();
  ASSERT_OK_AND_ASSIGN(LoadConfig::RawFileFormat format, RawFileFormat(config));
  EXPECT_EQ(format, LoadConfig::CSV);
  config.set_raw_filepath("/data/IRIS.CSV");
  ASSERT_OK_AND_ASSIGN(format, RawFileFormat(config));
  EXPECT_EQ(format, LoadConfig::CSV);
  config.set_raw_filepath("/data/iris.data");
  ExpectRefused(config, "/data/iris.data, whose ending tells no format; set load.raw_file_format");
  config.set_raw_file_format(LoadConfig::CSV);
  EXPECT_THAT(CheckLoadConfig(config), IsOk());
}

}  // namespace
}  // namespace baton
