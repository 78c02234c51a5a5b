#include "base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace baton {
namespace {

template <typename T>
T OrError(T result) {
  return result < 0 ? -errno : result;
}

}  // namespace

FileSystem& FileSystem::Posix() {
  static FileSystem* const posix = new FileSystem;
  return *posix;
}

int FileSystem::Open(const std::string& path, int flags, mode_t mode) {
  return OrError(open(path.c_str(), flags, mode));
}

int64_t FileSystem::Write(int fd, const void* data, size_t size) { return OrError(write(fd, data, size)); }

int64_t FileSystem::ReadAt(int fd, void* data, size_t size, int64_t offset) {
  return OrError(pread(fd, data, size, offset));
}

int FileSystem::StartWriteback(int fd, int64_t offset, int64_t size) {
  return OrError(sync_file_range(fd, offset, size, SYNC_FILE_RANGE_WRITE));
}

int FileSystem::Sync(int fd) { return OrError(fsync(fd)); }

int FileSystem::Close(int fd) { return OrError(close(fd)); }

int FileSystem::Rename(const std::string& from, const std::string& to) {
  return OrError(rename(from.c_str(), to.c_str()));
}

int FileSystem::RenameExclusive(const std::string& from, const std::string& to) {
  return OrError(renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE));
}

int FileSystem::Link(const std::string& from, const std::string& to) { return OrError(link(from.c_str(), to.c_str())); }

int FileSystem::Unlink(const std::string& path) { return OrError(unlink(path.c_str())); }

int FileSystem::MakeDirectory(const std::string& path) { return OrError(mkdir(path.c_str(), 0777)); }

int FileSystem::RemoveDirectory(const std::string& path) { return OrError(rmdir(path.c_str())); }

int FileSystem::Stat(const std::string& path, struct stat* result) { return OrError(stat(path.c_str(), result)); }

int FileSystem::StatOpen(int fd, struct stat* result) { return OrError(fstat(fd, result)); }

int FileSystem::List(const std::string& path, std::vector<std::string>* names) {
  names->clear();
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return -errno;
  errno = 0;
  while (const dirent* entry = readdir(folder)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) names->push_back(entry->d_name);
    errno = 0;
  }
  const int error = errno;
  closedir(folder);
  return -error;
}

}  // namespace baton
