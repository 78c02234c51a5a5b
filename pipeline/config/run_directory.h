#ifndef BATON_PIPELINE_CONFIG_RUN_DIRECTORY_H_
#define BATON_PIPELINE_CONFIG_RUN_DIRECTORY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// The stages, by the names of their folders, locks and key prefixes.
inline constexpr absl::string_view kLoadStage = "load";
inline constexpr absl::string_view kTrainStage = "train";
inline constexpr absl::string_view kEvaluateStage = "evaluate";

// Where things are in a run directory, for all stages (docs/architecture.md draws it):
//
//   config.textproto        the configuration
//   metadata/               the record (metadata/generation_folder.h names its files)
//   STAGE/KEY/              what a stage wrote under a key
//   rounds/KEY/             evaluate's rounds of the bias-variance decomposition, one file each
//   locks/STAGE.lock        held by the stage that is at work
//   cache/digests.binpb     digests of files by identity; may be deleted at any time
//   logs/
//
// Nothing in it depends on where it is, so it can be moved.
class RunDirectory {
 public:
  // `path` is absolute.
  explicit RunDirectory(absl::string_view path) : path_(path) {}

  const std::string& path() const { return path_; }
  std::string ConfigFile() const;
  // The folder that holds a stage's keys.
  std::string StageFolder(absl::string_view stage) const;
  std::string OutputFolder(absl::string_view stage, absl::string_view key) const;
  std::string RoundsFolder(absl::string_view key) const;
  std::string LockFolder() const;
  std::string LockFile(absl::string_view stage) const;
  std::string DigestCacheFile() const;
  std::string LogFolder() const;

  // "load/3f0c.../train.safetensors" of that file's whole path: how the record names it. The path itself if it is not
  // inside.
  std::string Relative(absl::string_view path) const;

 private:
  std::string path_;
};

}  // namespace baton

#endif  // BATON_PIPELINE_CONFIG_RUN_DIRECTORY_H_
