#include "tests/fault_trial.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/files.h"

namespace baton {

const std::set<FileOperation>& ChangingOperations() {
  static const auto* const changes = new std::set<FileOperation>{
      FileOperation::kWrite, FileOperation::kSync,   FileOperation::kRename,        FileOperation::kRenameExclusive,
      FileOperation::kLink,  FileOperation::kUnlink, FileOperation::kMakeDirectory, FileOperation::kRemoveDirectory};
  return *changes;
}

std::string Name(FileOperation operation) {
  static constexpr const char* kNames[] = {"open", "write",  "read",  "fsync", "close", "rename", "rename",
                                           "link", "unlink", "mkdir", "rmdir", "stat",  "fstat",  "list"};
  return kNames[static_cast<int>(operation)];
}

std::string Describe(const FaultyFileSystem::Call& call) {
  return absl::StrCat(Name(call.operation), " of ", call.path, call.other.empty() ? "" : " to ", call.other);
}

int TestedFileSystem::Open(const std::string& path, int flags, mode_t mode) {
  return FaultyFileSystem::Open(path == "/proc/self/exe" ? "/dev/null" : path, flags, mode);
}

std::optional<FaultyFileSystem::Call> TestedFileSystem::Hit() const {
  for (const Call& call : calls()) {
    if (call.faulty) return call;
  }
  return std::nullopt;
}

void Examination::Problem(const std::string& what) { trials_.problems.push_back(absl::StrCat(when_, ": ", what)); }

void Examination::ExpectWhole(const std::set<std::string>& durable) {
  for (const std::string& torn : subject_.find_torn()) Problem("torn: " + torn);
  for (const std::string& path : durable) {
    if (!*Exists(FileSystem::Posix(), path)) Problem("lost: " + path);
  }
}

void Examination::ExpectDone(const char* how) {
  const std::vector<std::string> parts = DifferingParts(subject_.result(), reference_);
  if (!parts.empty()) Problem(absl::StrCat(how, ", differs: ", absl::StrJoin(parts, ", ")));
}

void Examination::TakeUpAgain() {
  TestedFileSystem fs;
  const absl::Status status = subject_.work(fs);
  ++trials_.resumptions;
  if (!status.ok()) return Problem("cannot be taken up again: " + status.ToString());
  for (const std::string& torn : subject_.find_torn()) Problem("torn after it was taken up again: " + torn);
  ExpectDone("taken up again");
}

}  // namespace baton
