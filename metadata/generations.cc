#include "metadata/generations.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_macros.h"

namespace baton {
namespace {

constexpr size_t kDigits = 10;
constexpr absl::string_view kEnding = ".binpb";
constexpr absl::string_view kSetAside = ".damaged";

// The number of a file that is called like a generation, with anything behind it.
std::optional<uint64_t> LeadingNumber(absl::string_view name) {
  const absl::string_view digits = name.substr(0, kDigits);
  uint64_t number = 0;
  if (digits.size() < kDigits || !absl::StartsWith(name.substr(kDigits), kEnding)) return std::nullopt;
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return '0' <= c && c <= '9'; })) return std::nullopt;
  if (!absl::SimpleAtoi(digits, &number) || number == 0) return std::nullopt;
  return number;
}

// Whether the number below `file`, which the listing lacks, is there: then both were committed while it was made.
absl::StatusOr<bool> AppearedMeanwhile(FileSystem& fs, const std::string& folder, const GenerationFolder& listed,
                                       uint64_t number) {
  for (const GenerationFile& file : listed.reused) {
    if (file.number == number) return false;
  }
  return Exists(fs, JoinPath(folder, GenerationName(number)));
}

// Looks once; NotFound if another process set a file aside, or committed, in the middle of it.
absl::StatusOr<NewestGeneration> FindNewestOnce(FileSystem& fs, const std::string& folder) {
  ASSIGN_OR_RETURN(const GenerationFolder files, ListGenerations(fs, folder));
  NewestGeneration newest;
  newest.next_number = files.NextNumber();
  for (auto file = files.generations.rbegin(); file != files.generations.rend(); ++file) {
    absl::StatusOr<Metadata> record = ReadGeneration(fs, folder, *file);
    if (absl::IsDataLoss(record.status())) {
      newest.damaged.push_back({file->name, std::string(record.status().message())});
      continue;
    }
    RETURN_IF_ERROR(record.status());

    const auto below = std::next(file);
    const bool first = below == files.generations.rend();
    absl::StatusOr<Metadata> predecessor = Metadata();
    if (!first) predecessor = ReadGeneration(fs, folder, *below);
    if (absl::IsNotFound(predecessor.status())) return predecessor.status();
    if (!predecessor.ok()) {
      newest.warning = absl::StrCat(predecessor.status().message(), "; the record in ", file->name, " is sound");
    } else {
      switch (CheckLink(*record, first ? nullptr : &*predecessor)) {
        case Link::kFollows:
          break;
        case Link::kMissing: {
          ASSIGN_OR_RETURN(const bool appeared, AppearedMeanwhile(fs, folder, files, file->number - 1));
          if (appeared) return absl::NotFoundError(absl::StrCat(folder, " changes faster than it can be read"));
          newest.warning = absl::StrCat("the generation before ", JoinPath(folder, file->name),
                                        " is missing; the record in it is sound");
          break;
        }
        case Link::kMismatch:
          newest.damaged.push_back(
              {file->name, absl::StrCat(JoinPath(folder, file->name),
                                        " does not follow the generation before it: it says previous_sha256 \"",
                                        record->previous_sha256(), "\", expected \"", predecessor->sha256(), "\"")});
          continue;
      }
    }
    newest.record = *std::move(record);
    return newest;
  }
  if (files.generations.empty() && files.set_aside.empty()) return newest;
  return absl::DataLossError(absl::StrCat(
      "no generation of the record in ", folder, " can be used",
      newest.damaged.empty() ? "" : "; the newest: ", newest.damaged.empty() ? "" : newest.damaged.front().message,
      ". Restore one from a backup, or rename the folder to begin a new record: the stages' outputs stay as they are"));
}

}  // namespace

std::string MetadataFolder(absl::string_view run_dir) { return JoinPath(run_dir, "metadata"); }

std::string GenerationName(uint64_t number) { return absl::StrFormat("%010d%s", number, kEnding); }

std::string SetAsideName(uint64_t number) { return absl::StrCat(GenerationName(number), kSetAside); }

uint64_t GenerationFolder::NextNumber() const {
  uint64_t highest = generations.empty() ? 0 : generations.back().number;
  for (const GenerationFile& file : set_aside) highest = std::max(highest, file.number);
  return highest + 1;
}

absl::StatusOr<GenerationFolder> ListGenerations(FileSystem& fs, const std::string& folder) {
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(fs, folder);
  if (absl::IsNotFound(names.status())) return GenerationFolder();
  RETURN_IF_ERROR(names.status());
  GenerationFolder files;
  // The names are sorted, and of equal length where it matters: so are the numbers.
  for (const std::string& name : *names) {
    const std::optional<uint64_t> number = LeadingNumber(name);
    const absl::string_view rest = absl::string_view(name).substr(number ? kDigits + kEnding.size() : 0);
    if (number && rest.empty()) {
      files.generations.push_back({*number, name});
    } else if (number && absl::StartsWith(rest, kSetAside)) {
      files.set_aside.push_back({*number, name});
    } else {
      files.others.push_back(name);
    }
  }
  std::set<uint64_t> marked;
  for (const GenerationFile& file : files.set_aside) marked.insert(file.number);
  const auto reused = std::stable_partition(files.generations.begin(), files.generations.end(),
                                            [&](const GenerationFile& file) { return marked.count(file.number) == 0; });
  files.reused.assign(reused, files.generations.end());
  files.generations.erase(reused, files.generations.end());
  return files;
}

absl::StatusOr<Metadata> ReadSealed(FileSystem& fs, const std::string& folder, const std::string& name) {
  const std::string path = JoinPath(folder, name);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs, path));
  Metadata record;
  RETURN_IF_ERROR(Unseal(bytes, path, record));
  if (record.format_version() > kRecordFormatVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " has format_version ", record.format_version(), ", this program knows those up to ",
                     kRecordFormatVersion, ": use the version of the program that wrote it, or a newer one"));
  }
  return record;
}

absl::StatusOr<Metadata> ReadGeneration(FileSystem& fs, const std::string& folder, const GenerationFile& file) {
  ASSIGN_OR_RETURN(Metadata record, ReadSealed(fs, folder, file.name));
  if (record.generation() != file.number) {
    return absl::DataLossError(absl::StrCat(JoinPath(folder, file.name), " holds generation ", record.generation(),
                                            ", not that of its name: it was renamed"));
  }
  return record;
}

Link CheckLink(const Metadata& generation, const Metadata* predecessor) {
  const std::string expected = predecessor == nullptr ? "" : predecessor->sha256();
  if (generation.previous_sha256() == expected) return Link::kFollows;
  const uint64_t below = predecessor == nullptr ? 0 : predecessor->generation();
  return below + 1 < generation.generation() && generation.has_previous_sha256() ? Link::kMissing : Link::kMismatch;
}

absl::StatusOr<NewestGeneration> FindNewestGeneration(FileSystem& fs, const std::string& folder) {
  constexpr int kTries = 10;
  for (int i = 1; i < kTries; ++i) {
    absl::StatusOr<NewestGeneration> newest = FindNewestOnce(fs, folder);
    if (!absl::IsNotFound(newest.status())) return newest;
  }
  return FindNewestOnce(fs, folder);
}

}  // namespace baton
