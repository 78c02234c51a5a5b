#include "data/load_config.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace baton {
namespace {

absl::Status Missing(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("load.", field, " is not set; expected ", what));
}

absl::Status CheckFractions(const SplitConfig& split) {
  const double validation = split.validation_fraction();
  const double holdout = split.holdout_fraction();
  // Written so that NaN fails as well.
  if (!(validation >= 0 && validation < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("load.split.validation_fraction is ", validation, "; expected at least 0 and less than 1"));
  }
  if (!(holdout > 0 && holdout < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("load.split.holdout_fraction is ", holdout, "; expected more than 0 and less than 1"));
  }
  if (!(validation + holdout < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("load.split.validation_fraction and holdout_fraction are ", validation, " and ", holdout,
                     ", which leaves nothing to train on; expected a sum of less than 1"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadConfig::RawFileFormat> RawFileFormat(const LoadConfig& config) {
  if (config.raw_file_format() != LoadConfig::AUTO) return config.raw_file_format();
  if (absl::EndsWithIgnoreCase(config.raw_filepath(), ".csv")) return LoadConfig::CSV;
  return absl::InvalidArgumentError(absl::StrCat("load.raw_filepath is ", config.raw_filepath(),
                                                 ", whose ending tells no format; set load.raw_file_format: CSV"));
}

absl::Status CheckLoadConfig(const LoadConfig& config) {
  if (config.raw_filepath().empty()) return Missing("raw_filepath", "the path of the raw file");
  if (config.target_column().empty()) return Missing("target_column", "the name of the column to predict");
  if (config.task() == LoadConfig::TASK_UNSPECIFIED) return Missing("task", "CLASSIFICATION or REGRESSION");
  const auto& ignored = config.ignored_columns();
  if (std::find(ignored.begin(), ignored.end(), config.target_column()) != ignored.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("load.ignored_columns names \"", config.target_column(), "\", which is the target column"));
  }
  RETURN_IF_ERROR(RawFileFormat(config).status());
  return CheckFractions(config.split());
}

}  // namespace baton
