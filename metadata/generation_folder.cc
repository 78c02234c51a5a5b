#include "metadata/generation_folder.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status_macros.h"

namespace baton {
namespace {

constexpr size_t kDigits = 10;
constexpr absl::string_view kEnding = ".binpb";
constexpr absl::string_view kMark = ".damaged";

// What a number has. One of the two at least.
struct Taken {
  bool file = false;
  bool mark = false;
};

// The number of a file that is called like a generation, with anything behind it.
std::optional<uint64_t> LeadingNumber(absl::string_view name) {
  const absl::string_view digits = name.substr(0, kDigits);
  uint64_t number = 0;
  if (digits.size() < kDigits || !absl::StartsWith(name.substr(kDigits), kEnding)) return std::nullopt;
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return '0' <= c && c <= '9'; })) return std::nullopt;
  if (!absl::SimpleAtoi(digits, &number) || number == 0) return std::nullopt;
  return number;
}

// The file first: where it is renamed to the mark in between, the mark is seen.
absl::StatusOr<Taken> LookAt(FileSystem& fs, const std::string& folder, uint64_t number) {
  Taken taken;
  ASSIGN_OR_RETURN(taken.file, Exists(fs, JoinPath(folder, GenerationName(number))));
  ASSIGN_OR_RETURN(taken.mark, IsMarked(fs, folder, number));
  return taken;
}

// A listing is not made at one moment: of the names that come while it is made it may have a later one and lack an
// earlier one, and of a file that is renamed it may have both names or none. A number is given only when all below it
// are taken, and stays taken. So whatever came meanwhile reaches up to a number that is listed, without holes: it is
// found by looking below each listed number until there is nothing.
absl::Status CorrectListing(FileSystem& fs, const std::string& folder, std::map<uint64_t, Taken>& listed) {
  for (auto entry = listed.rbegin(); entry != listed.rend(); ++entry) {
    const auto& [number, taken] = *entry;
    if (taken.file && taken.mark) {
      ASSIGN_OR_RETURN(entry->second.file, Exists(fs, JoinPath(folder, GenerationName(number))));
    }
    if (number == 1 || listed.contains(number - 1)) continue;
    ASSIGN_OR_RETURN(const Taken below, LookAt(fs, folder, number - 1));
    // Is the next entry then.
    if (below.file || below.mark) listed.emplace(number - 1, below);
  }
  return absl::OkStatus();
}

}  // namespace

std::string MetadataFolder(absl::string_view run_dir) { return JoinPath(run_dir, "metadata"); }

std::string GenerationName(uint64_t number) { return absl::StrFormat("%010d%s", number, kEnding); }

std::string MarkName(uint64_t number) { return absl::StrCat(GenerationName(number), kMark); }

absl::StatusOr<bool> IsMarked(FileSystem& fs, const std::string& folder, uint64_t number) {
  return Exists(fs, JoinPath(folder, MarkName(number)));
}

std::string BesideMark(uint64_t number) {
  const std::string name = GenerationName(number);
  return absl::StrCat(name, " is no part of the record as long as ", MarkName(number),
                      " is there. If it was restored, and no later generation was committed: end all programs that use "
                      "the run and move the latter out of the folder. If a later one was, leave it: that follows the "
                      "one before ",
                      name);
}

uint64_t GenerationFolder::NextNumber() const {
  return std::max({uint64_t{0}, generations.empty() ? 0 : generations.back(), marked.empty() ? 0 : marked.back()}) + 1;
}

absl::StatusOr<GenerationFolder> ListGenerations(FileSystem& fs, const std::string& folder) {
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(fs, folder);
  if (absl::IsNotFound(names.status())) return GenerationFolder();
  RETURN_IF_ERROR(names.status());
  GenerationFolder files;
  std::map<uint64_t, Taken> listed;
  for (const std::string& name : *names) {
    const std::optional<uint64_t> number = LeadingNumber(name);
    if (number && name == GenerationName(*number)) {
      listed[*number].file = true;
    } else if (number && name == MarkName(*number)) {
      listed[*number].mark = true;
    } else {
      files.others.push_back(name);
    }
  }
  RETURN_IF_ERROR(CorrectListing(fs, folder, listed));
  uint64_t expected = 1;
  for (const auto& [number, taken] : listed) {
    if (expected < number) files.missing.push_back({expected, number - 1});
    expected = number + 1;
    if (taken.mark) files.marked.push_back(number);
    if (taken.file) (taken.mark ? files.beside_mark : files.generations).push_back(number);
  }
  return files;
}

}  // namespace baton
