#include "pipeline/load/raw_file.h"

#include <fcntl.h>

#include <future>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "data/raw_file_format.h"
#include "data/table.h"

namespace baton {
namespace {

absl::Status CheckBytes(const RawFile& raw, const std::optional<DvcFile>& dvc, absl::string_view bytes) {
  const std::string sha256 = Sha256Hex(bytes);
  if (sha256 != raw.digest.hex) {
    return absl::DataLossError(absl::StrCat(raw.path, " was changed while it was read: its SHA-256 was ",
                                            raw.digest.hex, ", then ", sha256, "; run again when it stays as it is"));
  }
  return dvc.has_value() ? CheckDvc(*dvc, bytes, raw.path) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<RawFile> FindRawFile(const LoadConfig& config, const FileDigest& digest) {
  RawFile raw;
  raw.path = config.raw_filepath();
  ASSIGN_OR_RETURN(raw.format, ResolveRawFileFormat(config));
  raw.digest = digest;
  return raw;
}

absl::Status CheckRawColumns(FileSystem& fs, const RawFile& raw, const LoadConfig& config) {
  // Of a header that is longer no more is known than before.
  constexpr size_t kBeginningBytes = 1 << 20;
  const int fd = fs.Open(raw.path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return IoError(fd, "open", raw.path);
  std::string beginning(kBeginningBytes, '\0');
  const int64_t got = fs.ReadAt(fd, beginning.data(), beginning.size(), 0);
  fs.Close(fd);
  if (got < 0) return IoError(static_cast<int>(got), "read", raw.path);
  beginning.resize(got);
  return CheckColumns(beginning, raw.path, config.table());
}

absl::StatusOr<std::optional<DvcFile>> ReadRawFile(FileSystem& fs, const RawFile& raw,
                                                   absl::FunctionRef<absl::Status(absl::string_view bytes)> use) {
  ASSIGN_OR_RETURN(std::optional<DvcFile> dvc, ReadDvcFile(fs, raw.path));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs, raw.path));
  std::future<absl::Status> checked = std::async(std::launch::async, [&] { return CheckBytes(raw, dvc, bytes); });
  const absl::Status used = use(bytes);
  RETURN_IF_ERROR(checked.get());
  RETURN_IF_ERROR(used);
  return dvc;
}

}  // namespace baton
