#include "metadata/generations.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "metadata/generation_folder.h"

namespace baton {
namespace {

// Looks once; NotFound if another process set a file aside in the middle of it.
absl::StatusOr<NewestGeneration> FindNewestOnce(FileSystem& fs, const std::string& folder) {
  ASSIGN_OR_RETURN(const GenerationFolder files, ListGenerations(fs, folder));
  NewestGeneration newest;
  newest.next_number = files.NextNumber();
  for (auto number = files.generations.rbegin(); number != files.generations.rend(); ++number) {
    const std::string name = GenerationName(*number);
    absl::StatusOr<Metadata> record = ReadGeneration(fs, folder, *number);
    if (absl::IsDataLoss(record.status())) {
      newest.damaged.push_back({name, std::string(record.status().message())});
      continue;
    }
    RETURN_IF_ERROR(record.status());

    const auto below = std::next(number);
    const bool first = below == files.generations.rend();
    absl::StatusOr<Metadata> predecessor = Metadata();
    if (!first) predecessor = ReadGeneration(fs, folder, *below);
    if (absl::IsNotFound(predecessor.status())) return predecessor.status();
    if (!predecessor.ok()) {
      newest.warning = absl::StrCat(predecessor.status().message(), "; the record in ", name, " is sound");
    } else {
      switch (CheckLink(*record, first ? nullptr : &*predecessor)) {
        case Link::kFollows:
          break;
        case Link::kMissing:
          newest.warning =
              absl::StrCat("the generation before ", JoinPath(folder, name), " is missing; the record in it is sound");
          break;
        case Link::kMismatch:
          newest.damaged.push_back(
              {name, absl::StrCat(JoinPath(folder, name),
                                  " does not follow the generation before it: it says previous_sha256 \"",
                                  record->previous_sha256(), "\", expected \"", predecessor->sha256(), "\"")});
          continue;
      }
    }
    if (!files.beside_mark.empty() && files.beside_mark.back() > *number) {
      newest.warning =
          absl::StrCat(newest.warning, newest.warning.empty() ? "" : "; ", BesideMark(files.beside_mark.back()));
    }
    newest.record = *std::move(record);
    return newest;
  }
  if (files.generations.empty() && files.marked.empty()) return newest;
  return absl::DataLossError(absl::StrCat(
      "no generation of the record in ", folder, " can be used",
      newest.damaged.empty() ? "" : "; the newest: ", newest.damaged.empty() ? "" : newest.damaged.front().message,
      files.beside_mark.empty() ? "" : "; ", files.beside_mark.empty() ? "" : BesideMark(files.beside_mark.back()),
      ". Restore one from a backup, or rename the folder to begin a new record: the stages' outputs stay as they are"));
}

}  // namespace

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

absl::StatusOr<Metadata> ReadUnmarked(FileSystem& fs, const std::string& folder, uint64_t number) {
  absl::StatusOr<Metadata> record = ReadSealed(fs, folder, GenerationName(number));
  ASSIGN_OR_RETURN(const bool marked, IsMarked(fs, folder, number));
  if (!marked) return record;
  return absl::NotFoundError(
      absl::StrCat("generation ", number, " of the record in ", folder, " was set aside: ", BesideMark(number)));
}

absl::StatusOr<Metadata> ReadGeneration(FileSystem& fs, const std::string& folder, uint64_t number) {
  ASSIGN_OR_RETURN(Metadata record, ReadUnmarked(fs, folder, number));
  if (record.generation() != number) {
    return absl::DataLossError(absl::StrCat(JoinPath(folder, GenerationName(number)), " holds generation ",
                                            record.generation(), ", not that of its name: it was renamed"));
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
  return LookWhileOthersCommit([&] { return FindNewestOnce(fs, folder); });
}

}  // namespace baton
