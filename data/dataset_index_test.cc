#include <functional>
#include <string>

#include "base/files.h"
#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "data/dataset.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::HasSubstr;

// A seal says that an index is as it was written, not that it makes sense.
TEST(DatasetIndexTest, TensorsThatMakeNoSenseAreRefused) {
  FileSystem& fs = FileSystem::Posix();
  const std::string folder = testing::TempDir();
  const auto read = [&](const std::function<void(Dataset&)>& edit) {
    Dataset index;
    for (const char* const name : {"features", "target"}) {
      TensorSpec& tensor = *index.add_tensors();
      tensor.set_name(name);
      tensor.set_dtype("F32");
    }
    index.mutable_tensors(0)->add_shape(2);
    edit(index);
    EXPECT_THAT(ReplaceFile(fs, JoinPath(folder, kDatasetIndexFile), Seal(index)), IsOk());
    return ReadDatasetIndex(fs, folder).status();
  };
  const auto refused = [](const std::string& message) {
    return StatusIs(absl::StatusCode::kDataLoss, HasSubstr("dataset.binpb: tensor " + message));
  };
  EXPECT_THAT(read([](Dataset&) {}), IsOk());
  EXPECT_THAT(read([](Dataset& index) { index.mutable_tensors(1)->set_name("features"); }),
              refused("'features' stands there twice"));
  EXPECT_THAT(read([](Dataset& index) { index.mutable_tensors(1)->set_dtype("F31"); }),
              refused("'target' has no type that is known"));
  EXPECT_THAT(read([](Dataset& index) { index.mutable_tensors(0)->set_shape(0, -2); }),
              refused("'features' has an impossible shape"));
}

}  // namespace
}  // namespace baton
