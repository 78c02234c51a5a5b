#include "metadata/verify.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "metadata/generation_folder.h"
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

  // NotFound also if a file was set aside in the middle of it.
  absl::StatusOr<RecordReport> Verify() {
    ASSIGN_OR_RETURN(const GenerationFolder files, ListGenerations(fs_, folder_));
    if (files.generations.empty() && files.marked.empty()) {
      return absl::NotFoundError(absl::StrCat("no record in ", folder_));
    }
    Progress progress("verifying", "generations", files.generations.size());
    for (const uint64_t number : files.generations) {
      RETURN_IF_ERROR(ReadLink(number));
      progress.Update(links_.size(), "");
    }
    for (const GenerationFolder::Range& range : files.missing) ReportMissing(range);
    const std::string run_id = MostFrequentRun();
    for (const ChainLink& link : links_) CheckChain(files, link, run_id);
    for (const uint64_t number : files.marked) RETURN_IF_ERROR(CheckMark(number));
    for (const uint64_t number : files.beside_mark) Note(Kind::kStray, GenerationName(number), BesideMark(number));
    for (const std::string& name : files.others) RETURN_IF_ERROR(CheckOther(name));
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
    uint64_t number = 0;
    std::optional<Metadata> record;
  };

  void Error(Kind kind, std::string file, std::string message) {
    report_.findings.push_back({Severity::kError, kind, std::move(file), std::move(message)});
  }
  void Note(Kind kind, std::string file, std::string message) {
    report_.findings.push_back({Severity::kNote, kind, std::move(file), std::move(message)});
  }

  absl::Status ReadLink(uint64_t number) {
    links_.push_back({number, std::nullopt});
    const absl::StatusOr<Metadata> record = ReadUnmarked(fs_, folder_, number);
    if (absl::IsDataLoss(record.status())) {
      Error(Kind::kEdited, GenerationName(number), std::string(record.status().message()));
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(record.status());
    if (record->generation() != number) {
      Error(Kind::kReordered, GenerationName(number),
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

  void ReportMissing(const GenerationFolder::Range& range) {
    const auto next = std::find_if(links_.begin(), links_.end(),
                                   [&](const ChainLink& link) { return link.number == range.last + 1; });
    const bool known = next != links_.end() && next->record && next->record->has_previous_sha256();
    Error(Kind::kRemoved, GenerationName(range.first),
          absl::StrCat("is missing",
                       range.first < range.last ? absl::StrCat(", and all up to ", GenerationName(range.last)) : "",
                       ": ", GenerationName(range.last + 1),
                       known ? absl::StrCat(" follows a generation with the seal ", next->record->previous_sha256())
                             : " was committed later"));
  }

  void CheckChain(const GenerationFolder& files, const ChainLink& link, const std::string& run_id) {
    if (link.record && link.record->run().run_id() != run_id) {
      Error(Kind::kForeign, GenerationName(link.number),
            absl::StrCat("belongs to the run ", link.record->run().run_id(), ", not to ", run_id));
    }
    if (!link.record || link.record->run().run_id() != run_id) {
      last_damaged_ = true;
      return;
    }
    CheckPredecessor(files, *link.record);
    ++report_.verified;
    if (!head_.empty() && link.record->sha256() == head_) report_.given_head_generation = link.record->generation();
    newest_ = link.record;
    last_damaged_ = false;
  }

  void CheckPredecessor(const GenerationFolder& files, const Metadata& record) {
    const Link link = CheckLink(record, newest_ ? &*newest_ : nullptr);
    // What a damaged predecessor's seal was cannot be told any more; that it is damaged stands in the report.
    if (link == Link::kFollows || last_damaged_) return;
    const std::string name = GenerationName(record.generation());
    if (link == Link::kMismatch) {
      Error(
          Kind::kRewritten, name,
          absl::StrCat("does not follow the generation before it: it says previous_sha256 \"", record.previous_sha256(),
                       "\", expected \"", newest_ ? newest_->sha256() : "", "\": one of the two was replaced"));
      return;
    }
    const uint64_t below = newest_ ? newest_->generation() : 0;
    const bool reported = std::any_of(
        files.missing.begin(), files.missing.end(),
        [&](const GenerationFolder::Range& range) { return below < range.first && range.last < record.generation(); });
    if (reported) return;
    // Between the two are marks alone.
    Error(Kind::kRemoved, GenerationName(record.generation() - 1),
          absl::StrCat("is missing: ", name, " follows a generation with the seal ", record.previous_sha256(),
                       ", and those between it and ", GenerationName(below), " were set aside"));
  }

  absl::Status CheckMark(uint64_t number) {
    const std::string name = MarkName(number);
    const absl::StatusOr<Metadata> record = ReadSealed(fs_, folder_, name);
    if (record.ok() && record->generation() == number) {
      Error(Kind::kSetAside, name,
            "was set aside, but is not damaged by itself: it was renamed by hand, or did not follow the "
            "generation before it");
      return absl::OkStatus();
    }
    if (!record.ok() && !absl::IsDataLoss(record.status())) return record.status();
    Note(Kind::kSetAside, name,
         absl::StrCat("was damaged when it was the newest, and set aside: ",
                      record.ok() ? absl::StrCat("it holds generation ", record->generation())
                                  : std::string(record.status().message())));
    return absl::OkStatus();
  }

  // Who commits has a temporary file for a moment.
  absl::Status CheckOther(const std::string& name) {
    ASSIGN_OR_RETURN(const bool there, Exists(fs_, JoinPath(folder_, name)));
    if (there) Note(Kind::kStray, name, "no part of the record; it may be deleted when no program uses the run");
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
  return LookWhileOthersCommit(
      [&] { return Verifier(fs, MetadataFolder(run_dir), absl::AsciiStrToLower(head)).Verify(); });
}

}  // namespace baton
