#ifndef BATON_STATE_INSPECT_FIXTURE_H_
#define BATON_STATE_INSPECT_FIXTURE_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <utility>

#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "state/inspect.h"
#include "state/snapshot_store.h"
#include "state/test_state.h"

namespace baton {

// For tests: a run directory with snapshots, and the commands that look at them.
class InspectSnapshotsTest : public testing::Test {
 protected:
  // Saves a snapshot as if it had been written `second` seconds after 1970.
  std::string Save(const std::string& key, const State& state, int64_t second = 1000) {
    SnapshotStore store(fs_, JoinPath(run_dir_, "train/" + key));
    EXPECT_THAT(store.Save(state), IsOk());
    const std::string path = store.PathOf(state.progress.step_index());
    const struct timespec times[2] = {{second, 0}, {second, 0}};
    EXPECT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    return path;
  }
  // Changes the last byte of a file.
  static void Damage(const std::string& file) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(-1, std::ios::end);
    const char last = static_cast<char>(stream.get());
    stream.seekp(-1, std::ios::end);
    stream.put(static_cast<char>(last ^ 1));
    ASSERT_TRUE(stream.good());
  }

  // The answer stays in answer_. `options` beside the arguments.
  absl::Status Inspect(std::vector<std::string> arguments, InspectSnapshotOptions options = {}) {
    options.arguments = std::move(arguments);
    options.working_folder = run_dir_;
    answer_ = {};
    return InspectSnapshots(fs_, ReadingCommands(), options, answer_);
  }

  FileSystem& fs_ = Unsynced::Get();
  const TemporaryFolder temporary_folder_;
  const std::string run_dir_ = temporary_folder_.path();
  InspectSnapshotAnswer answer_;
};

}  // namespace baton

#endif  // BATON_STATE_INSPECT_FIXTURE_H_
