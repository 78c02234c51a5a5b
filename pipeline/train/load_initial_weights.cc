#include "pipeline/train/load_initial_weights.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "pipeline/plan/initial_weights.h"
#include "state/load_weights.h"

namespace baton {
namespace {

void Announce(const InitialWeights& weights, const WeightsReport& report) {
  LOG(INFO) << "train: begins with " << weights.tensors_loaded() << " of "
            << weights.tensors_loaded() + weights.tensors_drawn() << " tensors from " << weights.file() << " (step "
            << weights.step_index() << (weights.has_run_id() ? absl::StrCat(" of run ", weights.run_id()) : "") << ")";
  const auto list = [](absl::string_view what, const std::vector<std::string>& names) {
    if (!names.empty()) LOG(WARNING) << "train: " << what << ": " << absl::StrJoin(names, ", ");
  };
  list("drawn from the seed, since the snapshot lacks them", report.missing);
  list("drawn from the seed, since the snapshot has another shape", report.other_shape);
  list("left out, since this model lacks them", report.unexpected);
}

}  // namespace

absl::Status CheckInitialWeights(const InitialWeights& weights, DigestCache& digests) {
  const auto check = [&digests](const std::string& file, const std::string& sha256) -> absl::Status {
    ASSIGN_OR_RETURN(const FileDigest now, digests.Sha256(file));
    if (now.hex == sha256) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat(file, " was changed: its SHA-256 was ", sha256, " when training was begun, now it is ", now.hex));
  };
  RETURN_IF_ERROR(check(weights.file(), weights.sha256()));
  return weights.has_buffers_file() ? check(weights.buffers_file(), weights.buffers_sha256()) : absl::OkStatus();
}

absl::StatusOr<WeightsReport> FillInitialWeights(FileSystem& fs, const InitialWeightsConfig& config,
                                                 const InitialWeights& weights, const State& state) {
  const Strictness strictness = config.strict() ? Strictness::kStrict : Strictness::kWhatFits;
  const FlatTensors& model = state.model();
  absl::StatusOr<WeightsReport> report =
      LoadWeights(fs, ParentFolder(weights.file()), WhichWeights(config), strictness, model, state.buffers());
  if (absl::IsInvalidArgument(report.status()) && config.strict()) {
    return absl::InvalidArgumentError(absl::StrCat("train.initial_weights: ", report.status().message(),
                                                   "; train.initial_weights.strict=false takes those that fit"));
  }
  RETURN_IF_ERROR(report.status());
  if (const FlatTensors* average = state.Find(kAverageGroup)) average->flat().copy_(model.flat());
  if (const FlatTensors* average = state.Find(kAverageBuffersGroup)) average->flat().copy_(state.buffers()->flat());
  return report;
}

absl::Status LoadInitialWeights(FileSystem& fs, const InitialWeightsConfig& config, DigestCache& digests,
                                InitialWeights& weights, State& state) {
  const absl::StatusOr<WeightsReport> report = FillInitialWeights(fs, config, weights, state);
  if (absl::IsInvalidArgument(report.status())) return report.status();
  if (!report.ok()) return Annotate(report.status(), "train.initial_weights, with which training is yet to begin");
  RETURN_IF_ERROR(CheckInitialWeights(weights, digests));
  weights.set_tensors_loaded(report->loaded.size());
  weights.set_tensors_drawn(report->missing.size() + report->other_shape.size());
  Announce(weights, *report);
  return absl::OkStatus();
}

}  // namespace baton
