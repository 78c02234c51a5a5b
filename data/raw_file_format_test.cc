#include "data/raw_file_format.h"

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::HasSubstr;

TEST(RawFileFormatTest, TheEndingTellsUnlessTheConfigurationDoes) {
  LoadConfig config;
  config.set_raw_filepath("/data/IRIS.CSV");
  ASSERT_OK_AND_ASSIGN(LoadConfig::RawFileFormat format, ResolveRawFileFormat(config));
  EXPECT_EQ(format, LoadConfig::CSV);
  config.set_raw_filepath("/data/iris.data");
  EXPECT_THAT(ResolveRawFileFormat(config),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("load.raw_filepath is /data/iris.data")));
  config.set_raw_file_format(LoadConfig::CSV);
  ASSERT_OK_AND_ASSIGN(format, ResolveRawFileFormat(config));
  EXPECT_EQ(format, LoadConfig::CSV);
}

}  // namespace
}  // namespace baton
