#ifndef BATON_PIPELINE_LOAD_RAW_FILE_H_
#define BATON_PIPELINE_LOAD_RAW_FILE_H_

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/digest.h"
#include "base/file_system.h"
#include "data/config.pb.h"
#include "data/dvc.h"

namespace baton {

// The raw file that load is told to read.
struct RawFile {
  std::string path;
  LoadConfig::RawFileFormat format = LoadConfig::AUTO;
  // Of its content before it is read.
  FileDigest digest;
};

// `digest` is of its content now. InvalidArgument if its format cannot be told.
absl::StatusOr<RawFile> FindRawFile(const LoadConfig& config, const FileDigest& digest);

// Whether the file's header has the columns that `config` names, found without reading the rest. InvalidArgument if
// not.
absl::Status CheckRawColumns(FileSystem& fs, const RawFile& raw, const LoadConfig& config);

// Reads the file into memory, once, and hands its bytes to `use`. Beside that, checks that they are those of
// `raw.digest`, so that what is used is what the record says, and, where a .dvc file stands beside it, those that DVC
// tracks. DataLoss if they are not, whatever `use` returned; else what `use` returned, or the .dvc file if there is
// one.
absl::StatusOr<std::optional<DvcFile>> ReadRawFile(FileSystem& fs, const RawFile& raw,
                                                   absl::FunctionRef<absl::Status(absl::string_view bytes)> use);

}  // namespace baton

#endif  // BATON_PIPELINE_LOAD_RAW_FILE_H_
