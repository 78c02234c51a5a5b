#ifndef BATON_PIPELINE_LOAD_LOAD_STAGE_H_
#define BATON_PIPELINE_LOAD_LOAD_STAGE_H_

#include "absl/status/status.h"
#include "pipeline/config/stage_options.h"

namespace baton {

// The load stage: makes a dataset of the configured raw file, in RUN_DIR/load/KEY, and writes the record's load
// section. OK also if there was nothing to do.
absl::Status RunLoad(const StageOptions& options);

}  // namespace baton

#endif  // BATON_PIPELINE_LOAD_LOAD_STAGE_H_
