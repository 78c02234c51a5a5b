#ifndef BATON_STATE_SNAPSHOT_FIXTURE_H_
#define BATON_STATE_SNAPSHOT_FIXTURE_H_

#include <fstream>
#include <string>

#include "base/files.h"
#include "base/seal.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "state/snapshot.h"
#include "state/test_state.h"

namespace baton {

// For tests: a snapshot at path_ in a folder of its own.
class SnapshotTest : public testing::Test {
 protected:
  void Save(const State& state) { ASSERT_THAT(SaveSnapshot(fs_, state, path_), IsOk()); }
  absl::StatusOr<State> Load() { return LoadSnapshot(fs_, path_, at::kCPU); }
  std::string File(absl::string_view name) const { return JoinPath(path_, name); }
  // Behind the library's back.
  static void Overwrite(const std::string& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }
  void WriteIndex(SnapshotIndex index) { Overwrite(File("state.binpb"), Seal(index)); }

  FileSystem& fs_ = Unsynced::Get();
  const TemporaryFolder temporary_folder_;
  const std::string parent_ = temporary_folder_.path();
  const std::string path_ = JoinPath(parent_, "snapshot");
};

}  // namespace baton

#endif  // BATON_STATE_SNAPSHOT_FIXTURE_H_
