#include "pipeline/plan/recorded_key.h"

#include "base/status_macros.h"
#include "metadata/record_argument.h"

namespace baton {

absl::StatusOr<std::optional<std::string>> RecordedTrainKey(FileSystem& fs, const std::string& run_dir) {
  const absl::StatusOr<Metadata> record = ReadRecord(fs, {.run_dir = run_dir});
  if (absl::IsNotFound(record.status())) return std::nullopt;
  RETURN_IF_ERROR(record.status());
  if (record->train().stage().key().empty()) return std::nullopt;
  return record->train().stage().key();
}

}  // namespace baton
