#include "tests/power_cut_file_system.h"

#include <fcntl.h>

#include <memory>

namespace baton {

// The lock is held over the real call, so that the model sees calls in the order in which they take effect.

void PowerCutFileSystem::CutPower(const Survival& survival) const {
  absl::MutexLock lock(&mutex_);
  disk_.Restore(survival);
}

int PowerCutFileSystem::Open(const std::string& path, int flags, mode_t mode) {
  absl::MutexLock lock(&mutex_);
  const int fd = Unsynced::Open(path, flags, mode);
  if (fd < 0) return fd;
  if (disk_.Find(path) == nullptr && (flags & O_CREAT) != 0) disk_.Put(path, std::make_shared<DiskModel::Node>());
  const DiskModel::NodePointer node = disk_.Find(path);
  if (node == nullptr) return fd;
  if ((flags & O_TRUNC) != 0) node->data.clear();
  open_[fd] = {node, (flags & O_APPEND) != 0 ? node->data.size() : 0};
  return fd;
}

int64_t PowerCutFileSystem::Write(int fd, const void* data, size_t size) {
  absl::MutexLock lock(&mutex_);
  const int64_t written = Unsynced::Write(fd, data, size);
  const auto file = open_.find(fd);
  if (written <= 0 || file == open_.end()) return written;
  std::string& bytes = file->second.node->data;
  size_t& offset = file->second.offset;
  if (bytes.size() < offset + written) bytes.resize(offset + written);
  bytes.replace(offset, written, static_cast<const char*>(data), written);
  offset += written;
  return written;
}

int PowerCutFileSystem::Sync(int fd) {
  absl::MutexLock lock(&mutex_);
  const auto file = open_.find(fd);
  if (file != open_.end()) disk_.Sync(file->second.node);
  return Unsynced::Sync(fd);
}

int PowerCutFileSystem::Close(int fd) {
  absl::MutexLock lock(&mutex_);
  open_.erase(fd);
  return Unsynced::Close(fd);
}

int PowerCutFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  const int result = Unsynced::Rename(from, to);
  if (result == 0) disk_.Move(from, to);
  return result;
}

int PowerCutFileSystem::RenameExclusive(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  const int result = Unsynced::RenameExclusive(from, to);
  if (result == 0) disk_.Move(from, to);
  return result;
}

int PowerCutFileSystem::Link(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  const int result = Unsynced::Link(from, to);
  if (result == 0) disk_.Put(to, disk_.Find(from));
  return result;
}

int PowerCutFileSystem::Unlink(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  const int result = Unsynced::Unlink(path);
  if (result == 0) disk_.Put(path, nullptr);
  return result;
}

int PowerCutFileSystem::MakeDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  const int result = Unsynced::MakeDirectory(path);
  if (result != 0) return result;
  const auto folder = std::make_shared<DiskModel::Node>();
  folder->is_folder = true;
  disk_.Put(path, folder);
  return result;
}

int PowerCutFileSystem::RemoveDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  const int result = Unsynced::RemoveDirectory(path);
  if (result == 0) disk_.Put(path, nullptr);
  return result;
}

}  // namespace baton
