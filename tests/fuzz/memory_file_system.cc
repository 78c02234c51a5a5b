#include "tests/fuzz/memory_file_system.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"

namespace baton {
namespace {

// Long ago, so that nothing is taken for just written.
constexpr time_t kTime = 1'000'000'000;

}  // namespace

MemoryFileSystem::MemoryFileSystem() {
  absl::MutexLock lock(&mutex_);
  nodes_["/"] = NewNode(/*is_folder=*/true);
}

std::shared_ptr<MemoryFileSystem::Node> MemoryFileSystem::NewNode(bool is_folder) {
  auto node = std::make_shared<Node>();
  node->is_folder = is_folder;
  node->inode = ++last_inode_;
  return node;
}

std::shared_ptr<MemoryFileSystem::Node> MemoryFileSystem::Find(const std::string& path) const {
  const auto found = nodes_.find(path);
  return found == nodes_.end() ? nullptr : found->second;
}

bool MemoryFileSystem::HasParent(const std::string& path) const {
  const std::shared_ptr<Node> parent = Find(ParentFolder(path));
  return parent != nullptr && parent->is_folder;
}

std::map<std::string, std::shared_ptr<MemoryFileSystem::Node>>::const_iterator MemoryFileSystem::FirstBelow(
    const std::string& folder) const {
  return nodes_.upper_bound(JoinPath(folder, ""));
}

bool MemoryFileSystem::IsEmpty(const std::string& folder) const {
  const auto first = FirstBelow(folder);
  return first == nodes_.end() || !absl::StartsWith(first->first, JoinPath(folder, ""));
}

void MemoryFileSystem::Add(const std::string& path, absl::string_view bytes) {
  absl::MutexLock lock(&mutex_);
  for (std::string folder = ParentFolder(path); Find(folder) == nullptr; folder = ParentFolder(folder)) {
    nodes_[folder] = NewNode(/*is_folder=*/true);
  }
  nodes_[path] = NewNode(/*is_folder=*/false);
  nodes_[path]->bytes = std::string(bytes);
}

int MemoryFileSystem::Open(const std::string& path, int flags, mode_t) {
  absl::MutexLock lock(&mutex_);
  std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) {
    if ((flags & O_CREAT) == 0 || !HasParent(path)) return -ENOENT;
    node = NewNode(/*is_folder=*/false);
    nodes_[path] = node;
  } else {
    if ((flags & O_EXCL) != 0) return -EEXIST;
    if ((flags & O_DIRECTORY) != 0 && !node->is_folder) return -ENOTDIR;
    if ((flags & O_ACCMODE) != O_RDONLY && node->is_folder) return -EISDIR;
    if ((flags & O_TRUNC) != 0) node->bytes.clear();
  }
  open_[++last_fd_] = {node};
  return last_fd_;
}

int64_t MemoryFileSystem::Write(int fd, const void* data, size_t size) {
  absl::MutexLock lock(&mutex_);
  const auto file = open_.find(fd);
  if (file == open_.end()) return -EBADF;
  std::string& bytes = file->second.node->bytes;
  bytes.resize(std::max(bytes.size(), file->second.position + size));
  std::copy_n(static_cast<const char*>(data), size, bytes.begin() + file->second.position);
  file->second.position += size;
  return size;
}

int64_t MemoryFileSystem::ReadAt(int fd, void* data, size_t size, int64_t offset) {
  absl::MutexLock lock(&mutex_);
  const auto file = open_.find(fd);
  if (file == open_.end()) return -EBADF;
  if (file->second.node->is_folder) return -EISDIR;
  if (offset < 0) return -EINVAL;
  const std::string& bytes = file->second.node->bytes;
  if (static_cast<uint64_t>(offset) >= bytes.size()) return 0;
  const size_t count = std::min(size, bytes.size() - offset);
  std::copy_n(bytes.begin() + offset, count, static_cast<char*>(data));
  return count;
}

int MemoryFileSystem::Sync(int) { return 0; }

int MemoryFileSystem::Close(int fd) {
  absl::MutexLock lock(&mutex_);
  return open_.erase(fd) == 1 ? 0 : -EBADF;
}

int MemoryFileSystem::Move(const std::string& from, const std::string& to) {
  if (Find(from) == nullptr || !HasParent(to)) return -ENOENT;
  if (from == to) return 0;
  const std::string below = JoinPath(from, "");
  std::map<std::string, std::shared_ptr<Node>> moved;
  for (auto node = nodes_.begin(); node != nodes_.end();) {
    if (node->first == from || absl::StartsWith(node->first, below)) {
      moved[absl::StrCat(to, node->first.substr(from.size()))] = node->second;
      node = nodes_.erase(node);
    } else {
      ++node;
    }
  }
  for (auto& [path, node] : moved) nodes_[path] = std::move(node);
  return 0;
}

int MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  const std::shared_ptr<Node> node = Find(from), there = Find(to);
  if (node != nullptr && there != nullptr) {
    if (there->is_folder != node->is_folder) return there->is_folder ? -EISDIR : -ENOTDIR;
    if (there->is_folder && !IsEmpty(to)) return -ENOTEMPTY;
  }
  return Move(from, to);
}

int MemoryFileSystem::RenameExclusive(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  return Find(to) != nullptr ? -EEXIST : Move(from, to);
}

int MemoryFileSystem::Link(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  const std::shared_ptr<Node> node = Find(from);
  if (node == nullptr || !HasParent(to)) return -ENOENT;
  if (node->is_folder) return -EPERM;
  return nodes_.try_emplace(to, node).second ? 0 : -EEXIST;
}

int MemoryFileSystem::Unlink(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return -ENOENT;
  if (node->is_folder) return -EISDIR;
  nodes_.erase(path);
  return 0;
}

int MemoryFileSystem::MakeDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (Find(path) != nullptr) return -EEXIST;
  if (!HasParent(path)) return -ENOENT;
  nodes_[path] = NewNode(/*is_folder=*/true);
  return 0;
}

int MemoryFileSystem::RemoveDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return -ENOENT;
  if (!node->is_folder) return -ENOTDIR;
  if (!IsEmpty(path)) return -ENOTEMPTY;
  nodes_.erase(path);
  return 0;
}

namespace {

void Fill(bool is_folder, uint64_t inode, size_t size, struct stat* result) {
  std::memset(result, 0, sizeof(*result));
  result->st_mode = is_folder ? S_IFDIR | 0755 : S_IFREG | 0644;
  result->st_ino = inode;
  result->st_size = size;
  result->st_mtim.tv_sec = kTime;
  result->st_ctim.tv_sec = kTime;
}

}  // namespace

int MemoryFileSystem::Stat(const std::string& path, struct stat* result) {
  absl::MutexLock lock(&mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return -ENOENT;
  Fill(node->is_folder, node->inode, node->bytes.size(), result);
  return 0;
}

int MemoryFileSystem::StatOpen(int fd, struct stat* result) {
  absl::MutexLock lock(&mutex_);
  const auto file = open_.find(fd);
  if (file == open_.end()) return -EBADF;
  Fill(file->second.node->is_folder, file->second.node->inode, file->second.node->bytes.size(), result);
  return 0;
}

int MemoryFileSystem::List(const std::string& path, std::vector<std::string>* names) {
  absl::MutexLock lock(&mutex_);
  const std::shared_ptr<Node> folder = Find(path);
  if (folder == nullptr) return -ENOENT;
  if (!folder->is_folder) return -ENOTDIR;
  const std::string prefix = JoinPath(path, "");
  names->clear();
  for (auto node = FirstBelow(path); node != nodes_.end() && absl::StartsWith(node->first, prefix); ++node) {
    const std::string name = node->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) names->push_back(name);
  }
  return 0;
}

}  // namespace baton
