#ifndef BATON_PIPELINE_PLAN_RECORDED_KEY_H_
#define BATON_PIPELINE_PLAN_RECORDED_KEY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace baton {

// The key of the training that the newest record of a run directory names: which of the snapshots there are meant.
// nullopt where there is no record, or none that names a training.
absl::StatusOr<std::optional<std::string>> RecordedTrainKey(FileSystem& fs, const std::string& run_dir);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_RECORDED_KEY_H_
