#include "pipeline/config/pipeline_config.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/fields.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "google/protobuf/text_format.h"
#include "pipeline/config/run_directory.h"

namespace baton {
namespace {

constexpr absl::string_view kComment =
    "# The configuration of this run, as it was last used: --run_dir alone uses it again. Paths are absolute.\n";

void MakePathsAbsolute(absl::string_view folder, PipelineConfig& config) {
  const auto make_absolute = [folder](std::string& path) {
    if (!path.empty()) path = AbsolutePath(path, folder);
  };
  if (config.load().has_raw_filepath()) make_absolute(*config.mutable_load()->mutable_raw_filepath());
  if (config.train().initial_weights().has_snapshot()) {
    make_absolute(*config.mutable_train()->mutable_initial_weights()->mutable_snapshot());
  }
}

absl::StatusOr<PipelineConfig> ReadConfig(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(fs, path));
  PipelineConfig config;
  RETURN_IF_ERROR(ParseTextMessage(text, path, config));
  MakePathsAbsolute(ParentFolder(path), config);
  return config;
}

absl::Status NoConfig(const StageOptions& options, const absl::Status& error) {
  if (!options.config_path.empty()) {
    return Annotate(error, "--config names no file that is there; a relative path is relative to where you stand");
  }
  return absl::NotFoundError(
      absl::StrCat(options.run_dir,
                   " holds no config.textproto, so nothing was begun there yet: give --config=FILE the first time, "
                   "e.g. --config=configs/iris.textproto, or check --run_dir"));
}

}  // namespace

absl::StatusOr<PipelineConfig> ResolveConfig(const StageOptions& options) {
  const std::string path =
      options.config_path.empty() ? RunDirectory(options.run_dir).ConfigFile() : options.config_path;
  absl::StatusOr<PipelineConfig> read = ReadConfig(*options.fs, path);
  if (read.status().code() == absl::StatusCode::kNotFound) return NoConfig(options, read.status());
  if (!read.ok()) return read.status();
  PipelineConfig config = *std::move(read);
  for (const std::string& assignment : options.overrides) {
    RETURN_IF_ERROR(ApplyOverride(assignment, config));
    // Those of the file are absolute already: what is relative now came with the override.
    MakePathsAbsolute(options.working_folder, config);
  }
  const absl::Status valid = ValidateConfig(config);
  if (!valid.ok()) return Annotate(valid, options.overrides.empty() ? path : path + " with the overrides");
  return config;
}

absl::Status SaveConfig(FileSystem& fs, absl::string_view run_dir, const PipelineConfig& config) {
  const std::string path = RunDirectory(run_dir).ConfigFile();
  // Not by bytes: comments in a file that somebody has edited stay as long as it says the same.
  const absl::StatusOr<PipelineConfig> present = ReadConfig(fs, path);
  if (present.ok() && present->SerializeAsString() == config.SerializeAsString()) return absl::OkStatus();
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  printer.SetUseShortRepeatedPrimitives(true);
  std::string text;
  if (!printer.PrintToString(config, &text)) return absl::InternalError("cannot print the configuration");
  RETURN_IF_ERROR(MakeFolders(fs, std::string(run_dir)));
  return ReplaceFile(fs, path, absl::StrCat(kComment, text));
}

}  // namespace baton
