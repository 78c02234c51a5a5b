#include "base/testing/faulty_file_system.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/files.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using testing::ElementsAre;
using Effect = Fault::Effect;

const std::string& Path() {
  static const std::string* const path = new std::string(JoinPath(testing::TempDir(), "faulty"));
  return *path;
}

TEST(FaultyFileSystem, WithoutFaultHandsOnAndNotes) {
  FaultyFileSystem fs;
  const int fd = fs.Open(Path(), O_RDWR | O_CREAT | O_TRUNC, 0666);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(fs.Write(fd, "abc", 3), 3);
  char bytes[4];
  EXPECT_EQ(fs.ReadAt(fd, bytes, 4, 1), 2);
  EXPECT_EQ(std::string(bytes, 2), "bc");
  EXPECT_EQ(fs.Sync(fd), 0);
  EXPECT_EQ(fs.Close(fd), 0);
  EXPECT_EQ(fs.Unlink(Path()), 0);
  EXPECT_EQ(fs.Unlink(Path()), -ENOENT);
  std::vector<FileOperation> operations;
  for (const auto& call : fs.calls()) {
    operations.push_back(call.operation);
    EXPECT_EQ(call.path, Path());
    EXPECT_FALSE(call.faulty);
  }
  EXPECT_THAT(operations,
              ElementsAre(FileOperation::kOpen, FileOperation::kWrite, FileOperation::kReadAt, FileOperation::kSync,
                          FileOperation::kClose, FileOperation::kUnlink, FileOperation::kUnlink));
  EXPECT_EQ(fs.calls().back().result, -ENOENT);
}

TEST(FaultyFileSystem, ChoosesByOperationPathAndCount) {
  FaultyFileSystem fs;
  struct stat file;
  fs.Inject({.operations = {FileOperation::kStat}, .path = "aul", .at = 2, .error = EACCES});
  EXPECT_EQ(fs.Stat(Path(), &file), -ENOENT);
  EXPECT_EQ(fs.Stat("/", &file), 0);
  EXPECT_EQ(fs.Unlink(Path()), -ENOENT);
  EXPECT_EQ(fs.Stat(Path(), &file), -EACCES);
  EXPECT_EQ(fs.Stat(Path(), &file), -ENOENT);
  EXPECT_EQ(fs.faults(), 1);
  fs.Inject({.path = "second", .sticky = true, .error = EACCES});
  EXPECT_EQ(fs.Rename(Path(), Path() + "-second"), -EACCES);
  EXPECT_EQ(fs.Link(Path() + "-second", Path()), -EACCES);
  EXPECT_EQ(fs.faults(), 2);
  fs.Heal();
  EXPECT_EQ(fs.Rename(Path(), Path() + "-second"), -ENOENT);
}

TEST(FaultyFileSystem, AfterOneTheNextOfOthers) {
  FaultyFileSystem fs;
  struct stat file;
  fs.Inject({.operations = {FileOperation::kStat},
             .path = Path(),
             .at = 2,
             .error = EACCES,
             .then = {FileOperation::kStat, FileOperation::kUnlink}});
  EXPECT_EQ(fs.Unlink(Path()), -ENOENT);
  EXPECT_EQ(fs.Stat(Path(), &file), -ENOENT);
  EXPECT_EQ(fs.Unlink(Path()), -ENOENT) << "nothing has failed yet";
  EXPECT_EQ(fs.Stat(Path(), &file), -EACCES);
  EXPECT_EQ(fs.Unlink(JoinPath(testing::TempDir(), "another")), -ENOENT) << "another path";
  EXPECT_EQ(fs.Unlink(Path()), -EACCES);
  EXPECT_EQ(fs.Unlink(Path()), -ENOENT) << "the next one alone";
  EXPECT_EQ(fs.Stat(Path(), &file), -EACCES);
  EXPECT_EQ(fs.Stat(Path(), &file), -ENOENT);
  EXPECT_EQ(fs.faults(), 3);
}

TEST(FaultyFileSystem, Effects) {
  FaultyFileSystem fs;
  const auto size = [&] { return FileSize(FileSystem::Posix(), Path()).value(); };
  const int fd = fs.Open(Path(), O_RDWR | O_CREAT | O_TRUNC, 0666);
  fs.Inject({.error = ENOSPC});
  EXPECT_EQ(fs.Write(fd, "abcd", 4), -ENOSPC);
  EXPECT_EQ(size(), 0);
  fs.Inject({.effect = Effect::kShort});
  EXPECT_EQ(fs.Write(fd, "abcd", 4), 2);
  EXPECT_EQ(size(), 2);
  fs.Inject({.effect = Effect::kTorn});
  EXPECT_EQ(fs.Write(fd, "cdef", 4), -EIO);
  EXPECT_EQ(size(), 4);
  fs.Inject({.effect = Effect::kReported});
  EXPECT_EQ(fs.Write(fd, "ef", 2), -EIO);
  EXPECT_EQ(size(), 6);
  fs.Inject({});
  EXPECT_EQ(fs.Close(fd), -EIO);
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
  fs.Inject({.error = EEXIST, .effect = Effect::kReported});
  EXPECT_EQ(fs.Unlink(Path()), -EEXIST);
  EXPECT_EQ(access(Path().c_str(), F_OK), -1);
}

TEST(ForEachFault, TriesEachCallOnce) {
  int prepared = 0;
  std::vector<int> results;
  const int faults = ForEachFault(
      {}, [&] { ++prepared; },
      [](FileSystem& fs) {
        struct stat file;
        for (int i = 1; i <= 3; ++i) {
          if (fs.Stat("/", &file) != 0) return absl::UnknownError(std::to_string(i));
        }
        return absl::OkStatus();
      },
      [&](FaultyFileSystem& fs, const absl::Status& status) {
        results.push_back(status.ok() ? 0 : std::stoi(std::string(status.message())));
        struct stat file;
        EXPECT_EQ(fs.Stat("/", &file), 0);
      });
  EXPECT_EQ(faults, 3);
  EXPECT_EQ(prepared, 4);
  EXPECT_THAT(results, ElementsAre(1, 2, 3, 0));
}

}  // namespace
}  // namespace baton
