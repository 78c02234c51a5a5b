#include "base/testing/faulty_file_system.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

namespace baton {

FileSystem& Unsynced::Get() {
  static Unsynced* const unsynced = new Unsynced;
  return *unsynced;
}

void FaultyFileSystem::Inject(Fault fault) {
  absl::MutexLock lock(&mutex_);
  fault_ = std::move(fault);
  matched_ = 0;
  faults_ = 0;
}

void FaultyFileSystem::Heal() {
  absl::MutexLock lock(&mutex_);
  fault_.reset();
}

std::vector<FaultyFileSystem::Call> FaultyFileSystem::calls() const {
  absl::MutexLock lock(&mutex_);
  return calls_;
}

int FaultyFileSystem::faults() const {
  absl::MutexLock lock(&mutex_);
  return faults_;
}

std::optional<Fault> FaultyFileSystem::Strike(FileOperation operation, const std::string& path,
                                              const std::string& other) {
  absl::MutexLock lock(&mutex_);
  if (!fault_.has_value()) return std::nullopt;
  if (!absl::StrContains(path, fault_->path) && !absl::StrContains(other, fault_->path)) return std::nullopt;
  const bool later = faults_ > 0 && fault_->then.erase(operation) > 0;
  const bool matches = fault_->operations.empty() || fault_->operations.contains(operation);
  if (matches) ++matched_;
  const bool reached = matches && (fault_->sticky ? matched_ >= fault_->at : matched_ == fault_->at);
  if (!reached && !later) return std::nullopt;
  ++faults_;
  if (fault_->effect == Fault::Effect::kKilled && operation != FileOperation::kWrite) raise(SIGKILL);
  return fault_;
}

void FaultyFileSystem::Note(Call call) {
  absl::MutexLock lock(&mutex_);
  calls_.push_back(std::move(call));
}

std::string FaultyFileSystem::PathOf(int fd) const {
  absl::MutexLock lock(&mutex_);
  const auto found = open_.find(fd);
  return found == open_.end() ? "" : found->second;
}

int FaultyFileSystem::Whole(FileOperation operation, const std::string& path, const std::string& other,
                            const std::function<int()>& call) {
  const std::optional<Fault> fault = Strike(operation, path, other);
  int result = 0;
  if (!fault.has_value() || fault->effect != Fault::Effect::kRefused) result = call();
  if (fault.has_value()) result = -fault->error;
  Note({operation, path, other, result, fault.has_value()});
  return result;
}

int64_t FaultyFileSystem::Partial(FileOperation operation, int fd, size_t size,
                                  const std::function<int64_t(size_t)>& call) {
  const std::string path = PathOf(fd);
  const std::optional<Fault> fault = Strike(operation, path);
  const bool half =
      fault.has_value() && (fault->effect == Fault::Effect::kShort || fault->effect == Fault::Effect::kTorn ||
                            fault->effect == Fault::Effect::kKilled);
  int64_t result = 0;
  if (!fault.has_value() || fault->effect != Fault::Effect::kRefused) {
    result = call(half ? std::max<size_t>(size / 2, 1) : size);
  }
  if (fault.has_value() && fault->effect == Fault::Effect::kKilled) raise(SIGKILL);
  if (fault.has_value() && fault->effect != Fault::Effect::kShort) result = -fault->error;
  Note({operation, path, "", result, fault.has_value()});
  return result;
}

int FaultyFileSystem::Open(const std::string& path, int flags, mode_t mode) {
  const std::optional<Fault> fault = Strike(FileOperation::kOpen, path);
  int result = 0;
  if (!fault.has_value() || fault->effect != Fault::Effect::kRefused) result = base_.Open(path, flags, mode);
  if (fault.has_value()) {
    if (fault->effect != Fault::Effect::kRefused && result >= 0) base_.Close(result);
    result = -fault->error;
  }
  Note({FileOperation::kOpen, path, "", result, fault.has_value()});
  if (result >= 0) {
    absl::MutexLock lock(&mutex_);
    open_[result] = path;
  }
  return result;
}

int64_t FaultyFileSystem::Write(int fd, const void* data, size_t size) {
  return Partial(FileOperation::kWrite, fd, size, [&](size_t part) { return base_.Write(fd, data, part); });
}

int64_t FaultyFileSystem::ReadAt(int fd, void* data, size_t size, int64_t offset) {
  return Partial(FileOperation::kReadAt, fd, size, [&](size_t part) { return base_.ReadAt(fd, data, part, offset); });
}

int FaultyFileSystem::Sync(int fd) {
  return Whole(FileOperation::kSync, PathOf(fd), "", [&] { return base_.Sync(fd); });
}

int FaultyFileSystem::Close(int fd) {
  const std::string path = PathOf(fd);
  {
    absl::MutexLock lock(&mutex_);
    open_.erase(fd);
  }
  const std::optional<Fault> fault = Strike(FileOperation::kClose, path);
  int result = base_.Close(fd);
  if (fault.has_value()) result = -fault->error;
  Note({FileOperation::kClose, path, "", result, fault.has_value()});
  return result;
}

int FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  return Whole(FileOperation::kRename, from, to, [&] { return base_.Rename(from, to); });
}

int FaultyFileSystem::RenameExclusive(const std::string& from, const std::string& to) {
  return Whole(FileOperation::kRenameExclusive, from, to, [&] { return base_.RenameExclusive(from, to); });
}

int FaultyFileSystem::Link(const std::string& from, const std::string& to) {
  return Whole(FileOperation::kLink, from, to, [&] { return base_.Link(from, to); });
}

int FaultyFileSystem::Unlink(const std::string& path) {
  return Whole(FileOperation::kUnlink, path, "", [&] { return base_.Unlink(path); });
}

int FaultyFileSystem::MakeDirectory(const std::string& path) {
  return Whole(FileOperation::kMakeDirectory, path, "", [&] { return base_.MakeDirectory(path); });
}

int FaultyFileSystem::RemoveDirectory(const std::string& path) {
  return Whole(FileOperation::kRemoveDirectory, path, "", [&] { return base_.RemoveDirectory(path); });
}

int FaultyFileSystem::Stat(const std::string& path, struct stat* result) {
  return Whole(FileOperation::kStat, path, "", [&] { return base_.Stat(path, result); });
}

int FaultyFileSystem::StatOpen(int fd, struct stat* result) {
  return Whole(FileOperation::kStatOpen, PathOf(fd), "", [&] { return base_.StatOpen(fd, result); });
}

int FaultyFileSystem::List(const std::string& path, std::vector<std::string>* names) {
  return Whole(FileOperation::kList, path, "", [&] { return base_.List(path, names); });
}

int ForEachFault(Fault fault, const std::function<void()>& prepare,
                 const std::function<absl::Status(FileSystem&)>& work,
                 const std::function<void(FaultyFileSystem&, const absl::Status&)>& check) {
  for (int at = 1;; ++at) {
    prepare();
    FaultyFileSystem fs;
    fault.at = at;
    fs.Inject(fault);
    const absl::Status status = work(fs);
    fs.Heal();
    check(fs, status);
    if (fs.faults() == 0) return at - 1;
  }
}

}  // namespace baton
