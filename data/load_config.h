#ifndef BATON_DATA_LOAD_CONFIG_H_
#define BATON_DATA_LOAD_CONFIG_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/config.pb.h"

namespace baton {

// Whether the configuration makes sense by itself, whatever the data: InvalidArgument names the field and says what it
// must be.
absl::Status CheckLoadConfig(const LoadConfig& config);

// The raw file's format: the configuration's, or if that is AUTO by the file's ending. InvalidArgument if that tells
// none.
absl::StatusOr<LoadConfig::RawFileFormat> RawFileFormat(const LoadConfig& config);

}  // namespace baton

#endif  // BATON_DATA_LOAD_CONFIG_H_
