#include "state/inspect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "base/faulty_file_system.h"
#include "base/files.h"
#include "base/status_matchers.h"
#include "google/protobuf/util/json_util.h"
#include "state/snapshot.h"
#include "state/snapshot_store.h"
#include "state/test_state.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

class InspectTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = JoinPath(testing::TempDir(), "XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    run_dir_ = name;
  }
  void TearDown() override { EXPECT_THAT(RemoveTree(fs_, run_dir_), IsOk()); }

  // Saves a snapshot as if it had been written `second` seconds after 1970.
  std::string Save(const std::string& key, uint64_t step, int64_t second) {
    SnapshotStore store(fs_, JoinPath(run_dir_, "train/" + key));
    EXPECT_THAT(store.Save(TestState(step)), IsOk());
    const struct timespec times[2] = {{second, 0}, {second, 0}};
    EXPECT_EQ(utimensat(AT_FDCWD, store.PathOf(step).c_str(), times, 0), 0);
    return store.PathOf(step);
  }
  absl::StatusOr<std::string> Show(const std::string& path, const std::string& format = "text") {
    std::string output;
    const absl::Status status =
        InspectSnapshot(fs_, {.arguments = {"show", path}, .format = format, .working_folder = run_dir_}, output);
    if (!status.ok()) return status;
    return output;
  }

  FileSystem& fs_ = Unsynced::Get();
  std::string run_dir_;
};

TEST_F(InspectTest, FindsTheSnapshotThatIsMeant) {
  const std::string first = Save("aaaa", 8, 3000);
  const std::string second = Save("aaaa", 16, 1000);
  const std::string other = Save("bbbb", 4, 2000);
  EXPECT_EQ(FindSnapshot(fs_, first).value(), first);
  EXPECT_EQ(FindSnapshot(fs_, JoinPath(run_dir_, "train/aaaa")).value(), second) << "the highest step";
  EXPECT_EQ(FindSnapshot(fs_, run_dir_).value(), other) << "the key whose highest step was written last";
  EXPECT_THAT(FindSnapshot(fs_, JoinPath(run_dir_, "none")),
              StatusIs(StatusCode::kNotFound, HasSubstr("no snapshot in")));
}

TEST_F(InspectTest, ShowsTextWithRelativePaths) {
  const std::string path = Save("aaaa", 8, 1000);
  ASSERT_OK_AND_ASSIGN(const std::string text, Show("train/aaaa"));
  EXPECT_EQ(text, path + " (verified)\n" + PrettyPrint(TestState(8)));
  EXPECT_EQ(Show(".").value(), text);
}

TEST_F(InspectTest, ShowsTheIndexAsJson) {
  const std::string path = Save("aaaa", 8, 1000);
  ASSERT_OK_AND_ASSIGN(const std::string json, Show(path, "json"));
  EXPECT_THAT(json, HasSubstr("\"train_batch_index\": \"2\""));
  SnapshotIndex index;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &index).ok());
  EXPECT_EQ(index.SerializeAsString(), ReadSnapshotIndex(fs_, path)->SerializeAsString());
}

TEST_F(InspectTest, ReportsDamageAndChangesNothing) {
  const std::string path = Save("aaaa", 8, 1000);
  std::ofstream(JoinPath(path, "vocabulary.json"), std::ios::app) << ' ';
  for (const char* format : {"text", "json"}) {
    EXPECT_THAT(Show(path, format), StatusIs(StatusCode::kDataLoss, HasSubstr("vocabulary.json")));
  }
  EXPECT_THAT(ListFolder(fs_, JoinPath(run_dir_, "train/aaaa")).value(), testing::ElementsAre("step-000000000008"));
}

TEST_F(InspectTest, RefusesWhatItDoesNotKnow) {
  std::string output;
  EXPECT_THAT(InspectSnapshot(fs_, {.arguments = {"show"}}, output),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("folder")));
  EXPECT_THAT(InspectSnapshot(fs_, {.arguments = {"list", run_dir_}}, output),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"list\"")));
  EXPECT_THAT(Show(run_dir_, "yaml"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"yaml\"")));
  EXPECT_EQ(output, "");
}

}  // namespace
}  // namespace baton
