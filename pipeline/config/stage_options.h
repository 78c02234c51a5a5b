#ifndef BATON_PIPELINE_CONFIG_STAGE_OPTIONS_H_
#define BATON_PIPELINE_CONFIG_STAGE_OPTIONS_H_

#include <string>
#include <vector>

#include "base/file_system.h"

namespace baton {

// What a stage is told: the command line, with all paths absolute.
struct StageOptions {
  // Not owned.
  FileSystem* fs = &FileSystem::Posix();
  std::string run_dir;
  // --config; empty: the configuration in the run directory.
  std::string config_path;
  // "path=value", in the order in which they apply.
  std::vector<std::string> overrides;
  // Where the user stands: relative paths in overrides are relative to it.
  std::string working_folder;
  // --start_over: abandon unfinished work of another key.
  bool start_over = false;
  // --allow_changes: what may change in the middle of training, each a name as a key input has it
  // ("train.optimizer.learning_rate") or the beginning of some ("train.schedule").
  std::vector<std::string> allow_changes;
};

}  // namespace baton

#endif  // BATON_PIPELINE_CONFIG_STAGE_OPTIONS_H_
