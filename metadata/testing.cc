#include "metadata/testing.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "metadata/generation_folder.h"

namespace baton {

std::string NewRunDir() {
  static std::atomic<int> counter = 0;
  const std::string run_dir = JoinPath(testing::TempDir(), absl::StrCat("run", counter++));
  std::filesystem::remove_all(run_dir);
  std::filesystem::create_directories(run_dir);
  return run_dir;
}

std::unique_ptr<MetadataStore> OpenRecord(FileSystem& fs, const std::string& run_dir) {
  auto store = MetadataStore::Open(fs, run_dir, "iris");
  EXPECT_THAT(store, IsOk());
  return *std::move(store);
}

absl::Status CommitSize(MetadataStore& store, uint64_t size) {
  return store.Commit(SectionOwner::kLoad, [&](Metadata& record) {
    record.mutable_load()->set_raw_file_size(size);
    return absl::OkStatus();
  });
}

void MakeRecord(const std::string& run_dir, int generations) {
  UnsyncedFileSystem fs;
  const auto store = OpenRecord(fs, run_dir);
  for (int i = 1; i <= generations; ++i) ASSERT_THAT(CommitSize(*store, i), IsOk());
}

std::string GenerationPath(const std::string& run_dir, uint64_t number) {
  return JoinPath(MetadataFolder(run_dir), GenerationName(number));
}

std::set<std::string> RecordFiles(const std::string& run_dir) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(MetadataFolder(run_dir))) {
    names.insert(entry.path().filename());
  }
  return names;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(ParentFolder(path));
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  EXPECT_TRUE(file.flush()) << path;
}

void FlipByte(const std::string& path, size_t offset) {
  std::string bytes = ReadAll(path);
  bytes[offset] ^= 1;
  WriteAll(path, bytes);
}

}  // namespace baton
