#include "pipeline/reproduce/comparison.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "pipeline/reproduce/first_difference.h"
#include "state/snapshot_index.h"
#include "state/state.pb.h"

namespace baton {
namespace {

using Result = Product::Result;
using Original = Product::Original;

// Empty if it is not there.
absl::StatusOr<std::string> DigestIfThere(FileSystem& fs, const std::string& path) {
  absl::StatusOr<FileDigest> digest = DigestFile(fs, path, DigestKind::kSha256);
  if (absl::IsNotFound(digest.status())) return std::string();
  RETURN_IF_ERROR(digest.status());
  return std::move(digest->hex);
}

// What a snapshot says of the place where it was written, as far as an attempt knows it.
Environment EnvironmentOf(const Attempt& attempt) {
  Environment environment;
  environment.set_device(attempt.device());
  environment.set_cpu_model(attempt.cpu_model());
  environment.set_cpu_capability(attempt.cpu_capability());
  if (attempt.has_gpu_model()) environment.set_gpu_model(attempt.gpu_model());
  if (const auto found = attempt.libraries().find("libtorch"); found != attempt.libraries().end()) {
    environment.set_libtorch_version(found->second);
  }
  environment.set_program_version(attempt.program_version());
  return environment;
}

// Whether the index in `path` has the digest `sha256` with the environment of one of the attempts in place of its own.
absl::StatusOr<bool> EqualButForEnvironment(FileSystem& fs, const std::string& path, const std::string& sha256,
                                            const StageRun& stage) {
  if (BaseName(path) != kSnapshotIndexFile) return false;
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs, path));
  SnapshotIndex index;
  RETURN_IF_ERROR(Unseal(bytes, path, index));
  for (const Attempt& attempt : stage.attempts()) {
    *index.mutable_environment() = EnvironmentOf(attempt);
    if (Sha256Hex(Seal(index)) == sha256) return true;
  }
  return false;
}

// Fills in everything but stage, path and recorded_sha256.
absl::Status Compare(FileSystem& fs, const StageRun& stage, const std::string& original, const std::string& replayed,
                     Product& product) {
  ASSIGN_OR_RETURN(const std::string original_sha256, DigestIfThere(fs, original));
  ASSIGN_OR_RETURN(product.replayed_sha256, DigestIfThere(fs, replayed));
  if (!original_sha256.empty()) {
    product.original = original_sha256 == product.recorded_sha256 ? Original::kIntact : Original::kAltered;
  }
  if (product.replayed_sha256.empty()) {
    product.difference = "the replay has no such file";
    return absl::OkStatus();
  }
  product.result = product.replayed_sha256 == product.recorded_sha256 ? Result::kEqual : Result::kDiffers;
  if (product.result == Result::kDiffers) {
    ASSIGN_OR_RETURN(const bool equal, EqualButForEnvironment(fs, replayed, product.recorded_sha256, stage));
    if (equal) product.result = Result::kEqualButForEnvironment;
  }
  if (product.fine()) return absl::OkStatus();
  if (original_sha256.empty()) {
    product.difference = "the run's own file is not there, so that it cannot be told where";
  } else if (original_sha256 == product.replayed_sha256) {
    product.difference = absl::StrCat("the run's own file is as the replay's; it is the record that says otherwise");
  } else {
    ASSIGN_OR_RETURN(product.difference, FirstDifference(fs, original, replayed));
    if (product.original == Original::kAltered) product.difference += "; the run's own file is not the recorded one";
  }
  return absl::OkStatus();
}

// What bits may depend on.
std::map<std::string, std::string> EnvironmentValues(const Attempt& attempt) {
  std::map<std::string, std::string> values = {
      {"device", attempt.device()},
      {"cpu_model", attempt.cpu_model()},
      {"cpu_capability", attempt.cpu_capability()},
      {"gpu_model", attempt.gpu_model()},
      {"threads_per_worker", attempt.has_threads_per_worker() ? absl::StrCat(attempt.threads_per_worker()) : ""},
      {"program_version", attempt.program_version()},
      {"program_sha256", attempt.program_sha256()}};
  for (const auto& [name, version] : attempt.libraries()) values[absl::StrCat("libraries.", name)] = version;
  return values;
}

}  // namespace

bool Product::reproduced() const { return result == Result::kEqual || result == Result::kEqualButForEnvironment; }

bool Product::fine() const { return reproduced() && original != Original::kAltered; }

absl::StatusOr<std::vector<Product>> CompareProducts(FileSystem& fs, absl::string_view stage, const StageRun& run_stage,
                                                     const google::protobuf::RepeatedPtrField<Artifact>& recorded,
                                                     const google::protobuf::RepeatedPtrField<Artifact>& replayed,
                                                     const RunDirectory& run, const RunDirectory& replay) {
  std::vector<Product> products = NotReplayed(stage, recorded);
  std::set<std::string> paths;
  for (Product& product : products) {
    paths.insert(product.path);
    RETURN_IF_ERROR(
        Compare(fs, run_stage, JoinPath(run.path(), product.path), JoinPath(replay.path(), product.path), product));
  }
  for (const Artifact& artifact : replayed) {
    if (paths.contains(artifact.path())) continue;
    Product& product = products.emplace_back();
    product.stage = std::string(stage);
    product.path = artifact.path();
    product.replayed_sha256 = artifact.sha256();
    product.result = Result::kDiffers;
    product.difference = "the replay has it, and the record does not name it";
  }
  return products;
}

std::vector<Product> NotReplayed(absl::string_view stage,
                                 const google::protobuf::RepeatedPtrField<Artifact>& recorded) {
  std::vector<Product> products;
  for (const Artifact& artifact : recorded) {
    Product& product = products.emplace_back();
    product.stage = std::string(stage);
    product.path = artifact.path();
    product.recorded_sha256 = artifact.sha256();
  }
  return products;
}

std::vector<EnvironmentDeviation> CompareEnvironments(absl::string_view stage, const StageRun& recorded,
                                                      const StageRun& replayed) {
  std::vector<EnvironmentDeviation> deviations;
  if (replayed.attempts().empty()) return deviations;
  std::map<std::string, std::string> now = EnvironmentValues(*replayed.attempts().rbegin());
  std::vector<std::map<std::string, std::string>> attempts;
  for (const Attempt& attempt : recorded.attempts()) {
    attempts.push_back(EnvironmentValues(attempt));
    for (const auto& [name, value] : attempts.back()) now.try_emplace(name);
  }
  for (const auto& [name, value] : now) {
    EnvironmentDeviation deviation = {std::string(stage), name, {}, value};
    bool deviates = false;
    for (std::map<std::string, std::string>& attempt : attempts) {
      const std::string& then = attempt[name];
      deviates = deviates || then != value;
      if (std::count(deviation.recorded.begin(), deviation.recorded.end(), then) == 0) {
        deviation.recorded.push_back(then);
      }
    }
    if (deviates) deviations.push_back(std::move(deviation));
  }
  return deviations;
}

}  // namespace baton
