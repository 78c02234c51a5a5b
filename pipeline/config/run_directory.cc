#include "pipeline/config/run_directory.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/files.h"

namespace baton {

std::string RunDirectory::ConfigFile() const { return JoinPath(path_, "config.textproto"); }

std::string RunDirectory::StageFolder(absl::string_view stage) const { return JoinPath(path_, stage); }

std::string RunDirectory::OutputFolder(absl::string_view stage, absl::string_view key) const {
  return JoinPath(StageFolder(stage), key);
}

std::string RunDirectory::RoundsFolder(absl::string_view key) const { return JoinPath(JoinPath(path_, "rounds"), key); }

std::string RunDirectory::LockFolder() const { return JoinPath(path_, "locks"); }

std::string RunDirectory::LockFile(absl::string_view stage) const {
  return JoinPath(LockFolder(), absl::StrCat(stage, ".lock"));
}

std::string RunDirectory::DigestCacheFile() const { return JoinPath(path_, "cache/digests.binpb"); }

std::string RunDirectory::LogFolder() const { return JoinPath(path_, "logs"); }

std::string RunDirectory::Relative(absl::string_view path) const {
  absl::string_view rest = path;
  return std::string(absl::ConsumePrefix(&rest, path_) && absl::ConsumePrefix(&rest, "/") ? rest : path);
}

}  // namespace baton
