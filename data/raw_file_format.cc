#include "data/raw_file_format.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace baton {

absl::StatusOr<LoadConfig::RawFileFormat> ResolveRawFileFormat(const LoadConfig& config) {
  if (config.raw_file_format() != LoadConfig::AUTO) return config.raw_file_format();
  if (absl::EndsWithIgnoreCase(config.raw_filepath(), ".csv")) return LoadConfig::CSV;
  return absl::InvalidArgumentError(absl::StrCat("load.raw_filepath is ", config.raw_filepath(),
                                                 ", whose ending tells no format; set load.raw_file_format, e.g. CSV"));
}

}  // namespace baton
