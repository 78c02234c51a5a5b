#include "metadata/store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "metadata/derive.h"
#include "metadata/generation_folder.h"
#include "metadata/random_id.h"
#include "metadata/record_text.h"
#include "metadata/timestamp.h"

namespace baton {
namespace {

// So often may others be faster. Each of them has then committed something.
constexpr int kMaxTries = 1000;

}  // namespace

MetadataStore::MetadataStore(FileSystem& fs, absl::string_view run_dir, RunSection identity)
    : fs_(fs),
      run_dir_(run_dir),
      folder_(MetadataFolder(run_dir)),
      identity_(std::move(identity)),
      follower_(fs, folder_) {}

absl::StatusOr<std::unique_ptr<MetadataStore>> MetadataStore::Open(FileSystem& fs, absl::string_view run_dir,
                                                                   absl::string_view run_name,
                                                                   std::optional<ParentRun> parent) {
  RunSection identity;
  identity.set_run_id(RandomHex(16));
  identity.set_name(run_name.empty() ? BaseName(run_dir) : std::string(run_name));
  if (parent) *identity.mutable_parent() = *std::move(parent);
  std::unique_ptr<MetadataStore> store(new MetadataStore(fs, run_dir, std::move(identity)));
  ASSIGN_OR_RETURN(const Metadata record, store->Read());
  // A process may have died before it could make the newest generation durable; from here on others rely on it.
  if (record.has_generation()) RETURN_IF_ERROR(SyncFolder(fs, store->folder_));
  return store;
}

absl::StatusOr<NewestGeneration> MetadataStore::FindNewest() {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(NewestGeneration newest, follower_.Find());
  if (!newest.warning.empty() && reported_.insert(newest.warning).second) LOG(WARNING) << newest.warning;
  for (const NewestGeneration::Damage& damage : newest.damaged) {
    const absl::StatusOr<std::string> aside = SetAside(fs_, JoinPath(folder_, damage.name));
    // Another process may have been faster.
    if (absl::IsNotFound(aside.status()) || !reported_.insert(damage.name).second) continue;
    LOG(WARNING) << damage.message << "; going on with generation " << newest.record.generation() << ". The file is "
                 << (aside.ok() ? absl::StrCat("set aside as ", *aside)
                                : absl::StrCat("left where it is: ", aside.status().message()));
  }
  return newest;
}

absl::StatusOr<Metadata> MetadataStore::Read() {
  ASSIGN_OR_RETURN(NewestGeneration newest, FindNewest());
  return std::move(newest.record);
}

absl::Status MetadataStore::Commit(SectionOwner owner, absl::FunctionRef<absl::Status(Metadata&)> apply) {
  absl::MutexLock lock(&commit_mutex_);
  for (int i = 0; i < kMaxTries; ++i) {
    ASSIGN_OR_RETURN(NewestGeneration newest, FindNewest());
    Metadata& before = newest.record;
    if (!before.has_generation()) *before.mutable_run() = identity_;
    Metadata after = before;
    RETURN_IF_ERROR(apply(after));
    RETURN_IF_ERROR(CheckOwnership(before, after, owner));
    if (SameSections(before, after)) return absl::OkStatus();
    if (!before.has_generation()) RETURN_IF_ERROR(MakeFolders(fs_, folder_));
    const absl::Status written = WriteGeneration(owner, newest.next_number, before, std::move(after));
    if (!absl::IsAlreadyExists(written)) return written;
  }
  return absl::UnavailableError(absl::StrCat("the record in ", folder_, " was committed to by others ", kMaxTries,
                                             " times in a row; run the same command again"));
}

absl::Status MetadataStore::WriteGeneration(SectionOwner owner, uint64_t number, const Metadata& before,
                                            Metadata after) {
  if (number > kLastGeneration) {
    return absl::DataLossError(absl::StrCat("the record in ", folder_, " has a file of the last number, ",
                                            GenerationName(kLastGeneration),
                                            ", which no run reaches: move it and its mark out of the folder"));
  }
  DeriveRun(after);
  after.set_generation(number);
  after.clear_previous_sha256();
  if (before.has_sha256()) after.set_previous_sha256(before.sha256());
  *after.mutable_committed_at() = ToTimestamp(absl::Now());
  after.set_committed_by(std::string(OwnerName(owner)));
  after.set_format_version(kRecordFormatVersion);
  const std::string invalid = FindInvalidText(after);
  if (!invalid.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the record's field ", invalid, " would not be UTF-8; nothing was committed"));
  }
  const std::string path = JoinPath(folder_, GenerationName(number));
  RETURN_IF_ERROR(CreateFileExclusively(fs_, path, Seal(after)));
  // Committed, unless the number had been taken and its file set aside since it was chosen: generation_follower.cc.
  ASSIGN_OR_RETURN(const bool marked, IsMarked(fs_, folder_, number));
  if (!marked) return absl::OkStatus();
  RETURN_IF_ERROR(RemoveTree(fs_, path));
  return absl::AlreadyExistsError(absl::StrCat(path, " was set aside by another process"));
}

}  // namespace baton
