#include "pipeline/evaluate/round_files.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "glog/logging.h"

namespace baton {
namespace {

constexpr uint32_t kFormatVersion = 1;

}  // namespace

std::string RoundFiles::PathOf(uint32_t round) const {
  return JoinPath(folder_, absl::StrFormat("round-%06d.binpb", round));
}

absl::Status RoundFiles::Check(const BootstrapRound& found, uint32_t round, const std::string& path) const {
  if (found.format_version() > kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(path, " has format version ", found.format_version(),
                                                      ", and this program knows ", kFormatVersion,
                                                      ": a newer Baton wrote it; use that"));
  }
  const auto is_finite = [](double value) { return std::isfinite(value); };
  if (found.key() == key_ && found.round() == round && found.predictions_size() == rows_ &&
      std::all_of(found.predictions().begin(), found.predictions().end(), is_finite)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(path, " holds round ", found.round(), " of ", found.key(), " with ",
                                          found.predictions_size(), " predictions; expected round ", round, " of ",
                                          key_, " with ", rows_, " finite ones"));
}

absl::StatusOr<std::optional<BootstrapRound>> RoundFiles::Read(uint32_t round) {
  const std::string path = PathOf(round);
  const absl::StatusOr<std::string> bytes = ReadFile(fs_, path);
  if (absl::IsNotFound(bytes.status())) return std::nullopt;
  RETURN_IF_ERROR(bytes.status());
  BootstrapRound found;
  absl::Status status = Unseal(*bytes, path, found);
  if (status.ok()) status = Check(found, round, path);
  if (status.ok()) return found;
  if (!absl::IsDataLoss(status)) return status;
  ASSIGN_OR_RETURN(const std::string aside, SetAside(fs_, path));
  LOG(WARNING) << status.message() << "; set aside as " << aside << ", and the round is trained again";
  return std::nullopt;
}

absl::Status RoundFiles::Write(BootstrapRound round) {
  round.set_key(key_);
  round.set_format_version(kFormatVersion);
  return ReplaceFile(fs_, PathOf(round.round()), Seal(round));
}

absl::Status RoundFiles::Prepare() {
  RETURN_IF_ERROR(MakeFolders(fs_, folder_));
  return StagedFolder::RemoveStale(fs_, folder_);
}

RoundWriter::RoundWriter(RoundFiles& files) : files_(files), thread_([this] { Loop(); }) {}

RoundWriter::~RoundWriter() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

absl::Status RoundWriter::Add(BootstrapRound round) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(status_);
  waiting_.push_back(std::move(round));
  return absl::OkStatus();
}

absl::Status RoundWriter::Finish() {
  absl::MutexLock lock(&mutex_);
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return waiting_.empty() && !writing_; };
  mutex_.Await(absl::Condition(&idle));
  return status_;
}

void RoundWriter::Loop() {
  while (true) {
    BootstrapRound round;
    {
      absl::MutexLock lock(&mutex_);
      const auto called = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !waiting_.empty() || stopping_; };
      mutex_.Await(absl::Condition(&called));
      if (waiting_.empty()) return;
      round = std::move(waiting_.front());
      waiting_.pop_front();
      writing_ = true;
    }
    const absl::Status status = files_.Write(std::move(round));
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    status_.Update(status);
    if (!status.ok()) waiting_.clear();
  }
}

}  // namespace baton
