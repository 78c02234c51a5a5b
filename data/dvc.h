#ifndef BATON_DATA_DVC_H_
#define BATON_DATA_DVC_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"

namespace baton {

// What a .dvc file (DVC 3, https://dvc.org/doc/user-guide/project-structure/dvc-files) says of the one file that it
// tracks. Keys that are not there are absent.
struct DvcFile {
  std::optional<std::string> md5;
  std::optional<uint64_t> size;
  // Absent in files of DVC before 3, whose md5 is that of the text with CRLF folded to LF.
  std::optional<std::string> hash;
  std::optional<std::string> path;
  std::optional<uint64_t> nfiles;
  std::optional<std::string> remote;
  std::optional<std::string> desc;
  // The whole .dvc file, to the letter.
  std::string text;
};

// Parses the text of `dvc_path`, which should track the file `name`. DataLoss, with file and line, if it is no YAML, no
// .dvc file, or tracks something else. Unknown keys are left to `text`.
absl::StatusOr<DvcFile> ParseDvcFile(absl::string_view text, absl::string_view dvc_path, absl::string_view name);

// Reads RAW_FILEPATH.dvc; absent if there is none.
absl::StatusOr<std::optional<DvcFile>> ReadDvcFile(FileSystem& fs, const std::string& raw_filepath);

// Whether `bytes`, the content of `raw_filepath`, is what DVC tracks: DataLoss, with what to do, if size or MD5 differ.
// Says in the log if the .dvc file holds no MD5 to check.
absl::Status CheckDvc(const DvcFile& dvc, absl::string_view bytes, absl::string_view raw_filepath);

// The MD5 that DVC before version 3 writes: of a text (no NUL, and at most 30 % of other than printable ASCII in the
// first 512 bytes) with CRLF folded to LF within each MiB; of anything else as it is.
std::string LegacyDvcMd5(absl::string_view bytes);

}  // namespace baton

#endif  // BATON_DATA_DVC_H_
