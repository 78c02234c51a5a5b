#include "metadata/verify.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "metadata/generations.h"

namespace baton {
namespace {

using Severity = Finding::Severity;

// The check of one folder.
class Verifier {
 public:
  Verifier(FileSystem& fs, std::string folder, std::string head)
      : fs_(fs), folder_(std::move(folder)), head_(std::move(head)) {}

  absl::StatusOr<RecordReport> Verify() {
    ASSIGN_OR_RETURN(const GenerationFolder files, ListGenerations(fs_, folder_));
    if (files.generations.empty() && files.set_aside.empty()) {
      return absl::NotFoundError(absl::StrCat("no record in ", folder_));
    }
    for (const GenerationFile& file : files.generations) RETURN_IF_ERROR(CheckGeneration(file));
    for (const GenerationFile& file : files.set_aside) RETURN_IF_ERROR(CheckSetAside(file));
    for (const std::string& name : files.others) Note(name, "no part of the record; it may be deleted");
    if (files.generations.empty()) Error(folder_, "every generation was set aside");
    if (newest_) {
      report_.newest = newest_->generation();
      report_.head = newest_->sha256();
    }
    if (!head_.empty() && !report_.given_head_generation) {
      Error(folder_, absl::StrCat("no generation has the seal ", head_,
                                  " of the given head: the newest ones were cut off, or replaced"));
    }
    std::stable_sort(report_.findings.begin(), report_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.file < b.file; });
    return std::move(report_);
  }

 private:
  void Error(std::string file, std::string message) {
    report_.findings.push_back({Severity::kError, std::move(file), std::move(message)});
  }
  void Note(std::string file, std::string message) {
    report_.findings.push_back({Severity::kNote, std::move(file), std::move(message)});
  }

  absl::Status CheckGeneration(const GenerationFile& file) {
    absl::StatusOr<Metadata> record = ReadGeneration(fs_, folder_, file);
    if (absl::IsDataLoss(record.status())) {
      Error(file.name, std::string(record.status().message()));
      last_damaged_ = true;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(record.status());
    CheckPredecessor(file, *record);
    if (newest_ && newest_->run().run_id() != record->run().run_id()) {
      Error(file.name, absl::StrCat("belongs to the run ", record->run().run_id(), ", those before it to ",
                                    newest_->run().run_id()));
    }
    ++report_.verified;
    if (!head_.empty() && record->sha256() == head_) report_.given_head_generation = record->generation();
    newest_ = *std::move(record);
    last_damaged_ = false;
    return absl::OkStatus();
  }

  void CheckPredecessor(const GenerationFile& file, const Metadata& record) {
    const Link link = CheckLink(record, newest_ ? &*newest_ : nullptr);
    // What a damaged predecessor's seal was cannot be told any more; that it is damaged stands in the report.
    if (link == Link::kFollows || last_damaged_) return;
    const uint64_t below = newest_ ? newest_->generation() : 0;
    if (link == Link::kMissing) {
      Error(GenerationName(below + 1),
            absl::StrCat("is missing",
                         below + 2 < record.generation()
                             ? absl::StrCat(", or one of those up to ", GenerationName(record.generation() - 1))
                             : "",
                         ": ", file.name, " follows a generation with the seal ", record.previous_sha256()));
    } else {
      Error(file.name, absl::StrCat("does not follow the generation before it: it says previous_sha256 \"",
                                    record.previous_sha256(), "\", expected \"", newest_ ? newest_->sha256() : "",
                                    "\": one of the two was replaced"));
    }
  }

  absl::Status CheckSetAside(const GenerationFile& file) {
    const absl::StatusOr<Metadata> record = ReadGeneration(fs_, folder_, file);
    if (record.ok()) {
      Error(file.name,
            "was set aside, but is not damaged by itself: it was renamed by hand, or did not follow the "
            "generation before it");
      return absl::OkStatus();
    }
    if (!absl::IsDataLoss(record.status())) return record.status();
    Note(file.name, absl::StrCat("was damaged when it was the newest, and set aside: ", record.status().message()));
    return absl::OkStatus();
  }

  FileSystem& fs_;
  const std::string folder_;
  const std::string head_;
  RecordReport report_;
  // The last one that verifies, and whether a damaged one came after it.
  std::optional<Metadata> newest_;
  bool last_damaged_ = false;
};

}  // namespace

bool RecordReport::ok() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.severity == Severity::kError; });
}

absl::StatusOr<RecordReport> VerifyRecord(FileSystem& fs, absl::string_view run_dir, absl::string_view head) {
  if (!head.empty() && (head.size() != 64 || !std::all_of(head.begin(), head.end(), absl::ascii_isxdigit))) {
    return absl::InvalidArgumentError(
        absl::StrCat("the head \"", head, "\" is no digest: expected 64 hexadecimal digits"));
  }
  return Verifier(fs, MetadataFolder(run_dir), absl::AsciiStrToLower(head)).Verify();
}

}  // namespace baton
