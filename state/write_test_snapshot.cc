// Writes the snapshot of TestState(8), with values in it that only a copy of the bits keeps, to the folder that is its
// argument: for tests in other languages.
#include <cstring>
#include <iostream>

#include "absl/status/status.h"
#include "base/file_system.h"
#include "state/snapshot.h"
#include "state/test_state.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_test_snapshot FOLDER\n";
    return 64;
  }
  baton::State state = baton::TestState(8);
  // A NaN with a payload; minus zero; the least number above zero; minus infinity.
  const uint32_t bits[] = {0x7fc12345, 0x80000000, 0x00000001, 0xff800000};
  std::memcpy(baton::Group(state, baton::kAverageGroup).views()[0].mutable_data_ptr(), bits, sizeof(bits));
  const auto index = baton::SaveSnapshot(baton::FileSystem::Posix(), state, argv[1]);
  if (index.ok()) return 0;
  std::cerr << index.status() << "\n";
  return 1;
}
