#include "metadata/verify.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "metadata/generations.h"

namespace baton {
namespace {

using Severity = Finding::Severity;
using Kind = Finding::Kind;

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
    Progress progress("verifying", "generations", files.generations.size());
    for (const GenerationFile& file : files.generations) {
      RETURN_IF_ERROR(ReadLink(file));
      progress.Update(links_.size(), "");
    }
    const std::string run_id = MostFrequentRun();
    for (const ChainLink& link : links_) CheckChain(link, run_id);
    for (const GenerationFile& file : files.set_aside) RETURN_IF_ERROR(CheckSetAside(file));
    for (const GenerationFile& file : files.reused) {
      Note(Kind::kStray, file.name, "stands under the number of one that was set aside; no part of the record");
    }
    for (const std::string& name : files.others) {
      Note(Kind::kStray, name, "no part of the record; it may be deleted");
    }
    if (files.generations.empty()) Error(Kind::kSetAside, folder_, "every generation was set aside");
    if (newest_) {
      report_.newest = newest_->generation();
      report_.head = newest_->sha256();
    }
    if (!head_.empty() && !report_.given_head_generation) {
      Error(Kind::kHead, folder_,
            absl::StrCat("no generation has the seal ", head_,
                         " of the given head: the newest ones were cut off, or replaced"));
    }
    std::stable_sort(report_.findings.begin(), report_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.file < b.file; });
    return std::move(report_);
  }

 private:
  // What the chain needs of a generation: its number, seals and run; nullopt if it is damaged or misnamed.
  struct ChainLink {
    GenerationFile file;
    std::optional<Metadata> record;
  };

  void Error(Kind kind, std::string file, std::string message) {
    report_.findings.push_back({Severity::kError, kind, std::move(file), std::move(message)});
  }
  void Note(Kind kind, std::string file, std::string message) {
    report_.findings.push_back({Severity::kNote, kind, std::move(file), std::move(message)});
  }

  absl::Status ReadLink(const GenerationFile& file) {
    links_.push_back({file, std::nullopt});
    const absl::StatusOr<Metadata> record = ReadSealed(fs_, folder_, file.name);
    if (absl::IsDataLoss(record.status())) {
      Error(Kind::kEdited, file.name, std::string(record.status().message()));
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(record.status());
    if (record->generation() != file.number) {
      Error(Kind::kReordered, file.name,
            absl::StrCat("holds generation ", record->generation(), ", not that of its name: it was renamed"));
      return absl::OkStatus();
    }
    Metadata& link = links_.back().record.emplace();
    link.set_generation(record->generation());
    link.set_sha256(record->sha256());
    if (record->has_previous_sha256()) link.set_previous_sha256(record->previous_sha256());
    link.mutable_run()->set_run_id(record->run().run_id());
    return absl::OkStatus();
  }

  // The run that the record is of; of two with equally many generations, the one with the earliest.
  std::string MostFrequentRun() const {
    std::map<std::string, int> counts;
    for (const ChainLink& link : links_) counts[link.record ? link.record->run().run_id() : ""] += link.record ? 1 : 0;
    std::string most;
    for (const ChainLink& link : links_) {
      if (link.record && (most.empty() || counts[link.record->run().run_id()] > counts[most])) {
        most = link.record->run().run_id();
      }
    }
    return most;
  }

  void CheckChain(const ChainLink& link, const std::string& run_id) {
    if (link.record && link.record->run().run_id() != run_id) {
      Error(Kind::kForeign, link.file.name,
            absl::StrCat("belongs to the run ", link.record->run().run_id(), ", not to ", run_id));
    }
    if (!link.record || link.record->run().run_id() != run_id) {
      last_damaged_ = true;
      return;
    }
    CheckPredecessor(link.file, *link.record);
    ++report_.verified;
    if (!head_.empty() && link.record->sha256() == head_) report_.given_head_generation = link.record->generation();
    newest_ = link.record;
    last_damaged_ = false;
  }

  void CheckPredecessor(const GenerationFile& file, const Metadata& record) {
    const Link link = CheckLink(record, newest_ ? &*newest_ : nullptr);
    // What a damaged predecessor's seal was cannot be told any more; that it is damaged stands in the report.
    if (link == Link::kFollows || last_damaged_) return;
    const uint64_t below = newest_ ? newest_->generation() : 0;
    if (link == Link::kMissing) {
      Error(Kind::kRemoved, GenerationName(below + 1),
            absl::StrCat("is missing",
                         below + 2 < record.generation()
                             ? absl::StrCat(", or one of those up to ", GenerationName(record.generation() - 1))
                             : "",
                         ": ", file.name, " follows a generation with the seal ", record.previous_sha256()));
    } else {
      Error(
          Kind::kRewritten, file.name,
          absl::StrCat("does not follow the generation before it: it says previous_sha256 \"", record.previous_sha256(),
                       "\", expected \"", newest_ ? newest_->sha256() : "", "\": one of the two was replaced"));
    }
  }

  absl::Status CheckSetAside(const GenerationFile& file) {
    const absl::StatusOr<Metadata> record = ReadGeneration(fs_, folder_, file);
    if (record.ok()) {
      Error(Kind::kSetAside, file.name,
            "was set aside, but is not damaged by itself: it was renamed by hand, or did not follow the "
            "generation before it");
      return absl::OkStatus();
    }
    if (!absl::IsDataLoss(record.status())) return record.status();
    Note(Kind::kSetAside, file.name,
         absl::StrCat("was damaged when it was the newest, and set aside: ", record.status().message()));
    return absl::OkStatus();
  }

  FileSystem& fs_;
  const std::string folder_;
  const std::string head_;
  RecordReport report_;
  std::vector<ChainLink> links_;
  // The last one that verifies, and whether a damaged one came after it.
  std::optional<Metadata> newest_;
  bool last_damaged_ = false;
};

}  // namespace

std::string KindName(Kind kind) {
  switch (kind) {
    case Kind::kEdited:
      return "edited";
    case Kind::kRemoved:
      return "removed";
    case Kind::kReordered:
      return "reordered";
    case Kind::kRewritten:
      return "rewritten";
    case Kind::kForeign:
      return "foreign";
    case Kind::kHead:
      return "head";
    case Kind::kSetAside:
      return "set_aside";
    case Kind::kStray:
      return "stray";
  }
  return "unknown";
}

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
