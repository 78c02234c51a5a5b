#ifndef BATON_TESTS_BROKEN_SYNC_H_
#define BATON_TESTS_BROKEN_SYNC_H_

#include <sys/stat.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "tests/power_cut_file_system.h"

namespace baton {

// Programs that do not wait for the disk as they should: what power cuts must find.

// The disk under a program that does not sync its files, or its folders, or its files only after they have their names.
class BrokenSync : public PowerCutFileSystem {
 public:
  enum class Kind { kNoFiles, kNoFolders, kAfterNaming };
  BrokenSync(const std::string& folder, Kind kind) : PowerCutFileSystem(folder), kind_(kind) {}

  int Sync(int fd) override {
    struct stat file;
    const bool is_folder = StatOpen(fd, &file) == 0 && S_ISDIR(file.st_mode);
    if (kind_ == Kind::kNoFolders) return is_folder ? 0 : PowerCutFileSystem::Sync(fd);
    if (is_folder) {
      SyncLate();
      return PowerCutFileSystem::Sync(fd);
    }
    absl::MutexLock lock(&mutex_);
    if (kind_ == Kind::kAfterNaming) late_.insert(fd);
    return 0;
  }
  int Close(int fd) override {
    absl::MutexLock lock(&mutex_);
    return late_.contains(fd) ? 0 : PowerCutFileSystem::Close(fd);
  }
  int Link(const std::string& from, const std::string& to) override {
    SetNamed();
    return PowerCutFileSystem::Link(from, to);
  }
  int Rename(const std::string& from, const std::string& to) override {
    SetNamed();
    return PowerCutFileSystem::Rename(from, to);
  }
  int RenameExclusive(const std::string& from, const std::string& to) override {
    SetNamed();
    return PowerCutFileSystem::RenameExclusive(from, to);
  }

 private:
  void SetNamed() {
    absl::MutexLock lock(&mutex_);
    named_ = true;
  }
  // The first sync of a folder after a naming, before which the power can go.
  void SyncLate() {
    absl::MutexLock lock(&mutex_);
    if (!std::exchange(named_, false)) return;
    for (const int fd : std::exchange(late_, {})) {
      PowerCutFileSystem::Sync(fd);
      PowerCutFileSystem::Close(fd);
    }
  }

  const Kind kind_;
  absl::Mutex mutex_;
  bool named_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<int> late_ ABSL_GUARDED_BY(mutex_);  // open, and not synced although they should be
};

// The disk as a program uses it that takes what it finds for durable: it syncs a folder only where it named something.
class Trusting : public FaultyFileSystem {
 public:
  using FaultyFileSystem::FaultyFileSystem;

  int Open(const std::string& path, int flags, mode_t mode) override {
    const int fd = FaultyFileSystem::Open(path, flags, mode);
    absl::MutexLock lock(&mutex_);
    paths_[fd] = path;
    return fd;
  }
  int Sync(int fd) override {
    struct stat file;
    const bool is_folder = StatOpen(fd, &file) == 0 && S_ISDIR(file.st_mode);
    {
      absl::MutexLock lock(&mutex_);
      if (is_folder && !named_in_.contains(paths_[fd])) return 0;
    }
    return FaultyFileSystem::Sync(fd);
  }
  int MakeDirectory(const std::string& path) override {
    const int result = FaultyFileSystem::MakeDirectory(path);
    if (result == 0) Named(path);
    return result;
  }
  int Link(const std::string& from, const std::string& to) override {
    Named(to);
    return FaultyFileSystem::Link(from, to);
  }
  int Rename(const std::string& from, const std::string& to) override {
    Named(to);
    return FaultyFileSystem::Rename(from, to);
  }
  int RenameExclusive(const std::string& from, const std::string& to) override {
    Named(to);
    return FaultyFileSystem::RenameExclusive(from, to);
  }

 private:
  void Named(const std::string& path) {
    absl::MutexLock lock(&mutex_);
    named_in_.insert(ParentFolder(path));
  }

  absl::Mutex mutex_;
  std::map<int, std::string> paths_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> named_in_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_TESTS_BROKEN_SYNC_H_
