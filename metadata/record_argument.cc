#include "metadata/record_argument.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "metadata/generation_folder.h"
#include "metadata/generations.h"

namespace baton {

absl::StatusOr<RecordArgument> ParseRecordArgument(absl::string_view argument, absl::string_view working_folder) {
  RecordArgument result;
  const size_t at = argument.rfind('@');
  if (at != absl::string_view::npos && at + 1 < argument.size()) {
    const absl::string_view number = argument.substr(at + 1);
    if (std::all_of(number.begin(), number.end(), [](char c) { return absl::ascii_isdigit(c); })) {
      if (!absl::SimpleAtoi(number, &result.generation) || result.generation == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", argument, "\" names generation ", number, ": generations are numbered from 1"));
      }
      argument = argument.substr(0, at);
    }
  }
  if (argument.empty()) {
    return absl::InvalidArgumentError("a run directory is empty: expected RUN_DIR or RUN_DIR@GENERATION");
  }
  result.run_dir = AbsolutePath(argument, working_folder);
  return result;
}

absl::StatusOr<Metadata> ReadRecord(FileSystem& fs, const RecordArgument& argument) {
  const std::string folder = MetadataFolder(argument.run_dir);
  if (argument.generation != 0) return ReadGeneration(fs, folder, argument.generation);
  ASSIGN_OR_RETURN(NewestGeneration newest, FindNewestGeneration(fs, folder));
  for (const NewestGeneration::Damage& damage : newest.damaged) LOG(WARNING) << damage.message;
  if (!newest.warning.empty()) LOG(WARNING) << newest.warning;
  if (!newest.record.has_generation()) return absl::NotFoundError(absl::StrCat("no record in ", folder));
  return std::move(newest.record);
}

}  // namespace baton
