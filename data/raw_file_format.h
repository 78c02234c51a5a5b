#ifndef BATON_DATA_RAW_FILE_FORMAT_H_
#define BATON_DATA_RAW_FILE_FORMAT_H_

#include "absl/status/statusor.h"
#include "data/config.pb.h"

namespace baton {

// The raw file's format: what the configuration says, or if that is AUTO what the file's ending tells. InvalidArgument
// if it tells none.
absl::StatusOr<LoadConfig::RawFileFormat> ResolveRawFileFormat(const LoadConfig& config);

}  // namespace baton

#endif  // BATON_DATA_RAW_FILE_FORMAT_H_
