#ifndef BATON_PIPELINE_CONFIG_PIPELINE_CONFIG_H_
#define BATON_PIPELINE_CONFIG_PIPELINE_CONFIG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/stage_options.h"

namespace baton {

// The configuration of a stage: the file of --config, else the run directory's own, with the overrides applied and
// checked as a whole. Paths in it are absolute: those in a file are relative to the file's folder, those in an override
// to options.working_folder.
//
// NotFound if there is no file, with what to do; InvalidArgument with file, line and column for text that does not
// parse, and for values with one line for each field that cannot be used.
absl::StatusOr<PipelineConfig> ResolveConfig(const StageOptions& options);

// Everything that can be said of a configuration without the data: required fields, ranges, and what fits together.
// InvalidArgument has one line for each field that must change: what it is, what was expected, what to do.
absl::Status ValidateConfig(const PipelineConfig& config);

// Makes RUN_DIR/config.textproto hold `config`, so that --run_dir alone is enough from now on. The same configuration
// gives the same bytes, and the file is not touched if it has them already.
absl::Status SaveConfig(FileSystem& fs, absl::string_view run_dir, const PipelineConfig& config);

}  // namespace baton

#endif  // BATON_PIPELINE_CONFIG_PIPELINE_CONFIG_H_
