#include "metadata/staleness.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace baton {
namespace {

std::optional<absl::string_view> FindInput(const StageRun& stage, absl::string_view name) {
  for (const KeyInput& input : stage.key_inputs()) {
    if (input.name() == name) return input.value();
  }
  return std::nullopt;
}

// Without "sha256:", which dataset_version has in front.
absl::string_view Digest(absl::string_view value) { return absl::StripPrefix(value, "sha256:"); }

// Enough of a digest for people.
absl::string_view Short(absl::string_view digest) { return digest.substr(0, 12); }

absl::Status CheckStage(absl::string_view name, const StageRun& stage, const std::string& staleness) {
  if (stage.status() != StageRun::COMPLETE) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " is not complete, but ",
                     stage.has_status() ? StageRun::Status_Name(stage.status()) : std::string("not begun"),
                     ": finish the run first"));
  }
  if (staleness.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is stale (", staleness, "): run it again first"));
}

}  // namespace

std::string TrainStaleness(const Metadata& record) {
  const std::optional<absl::string_view> used = FindInput(record.train().stage(), "load.dataset");
  if (!used || !record.load().has_stage()) return "";
  if (!record.load().has_dataset_version()) {
    return absl::StrCat("made from dataset ", Short(Digest(*used)), "; load has begun another one");
  }
  const absl::string_view now = Digest(record.load().dataset_version());
  if (Digest(*used) == now) return "";
  return absl::StrCat("made from dataset ", Short(Digest(*used)), ", load's is now ", Short(now));
}

std::string EvaluateStaleness(const Metadata& record) {
  const StageRun& stage = record.evaluate().stage();
  const TrainSection& train = record.train();
  const std::optional<absl::string_view> used = FindInput(stage, "train.model");
  if (!used || !train.has_stage()) return "";
  const absl::string_view model = Digest(*used);
  const absl::string_view buffers = FindInput(stage, "train.buffers").value_or("");
  const auto is_used = [&](const SnapshotReference& snapshot) {
    return snapshot.model_sha256() == model && snapshot.buffers_sha256() == buffers;
  };
  const bool last_only = FindInput(stage, "evaluate.snapshot") == "LAST";
  const bool is_last = is_used(train.last_snapshot());
  const bool is_best = is_used(train.best_snapshot());
  if (!is_last && (last_only || !is_best)) {
    const std::string& now = last_only || !train.has_best_snapshot() ? train.last_snapshot().model_sha256()
                                                                     : train.best_snapshot().model_sha256();
    if (now == model) return absl::StrCat("made from model ", Short(model), " with other buffers than train's are now");
    if (now.empty()) return absl::StrCat("made from model ", Short(model), "; train has begun another one");
    return absl::StrCat("made from model ", Short(model), ", train's is now ", Short(now));
  }
  if (!TrainStaleness(record).empty()) return "its model is of a train section that is stale";
  const std::optional<absl::string_view> key = FindInput(stage, "train.key");
  const std::optional<absl::string_view> steps = FindInput(stage, "train.steps");
  if (key.has_value() && *key != train.stage().key()) {
    return absl::StrCat("made of training ", Short(*key), ", train's is now ", Short(train.stage().key()));
  }
  if (steps.has_value() && *steps != absl::StrCat(train.steps_done())) {
    return absl::StrCat("made when training had done ", *steps, " steps, it has now done ", train.steps_done());
  }
  return "";
}

absl::Status CheckFinished(const Metadata& record) {
  RETURN_IF_ERROR(CheckStage("load", record.load().stage(), ""));
  if (record.train().stage().has_key()) {
    RETURN_IF_ERROR(CheckStage("train", record.train().stage(), TrainStaleness(record)));
  }
  if (!record.evaluate().stage().has_key()) return absl::OkStatus();
  return CheckStage("evaluate", record.evaluate().stage(), EvaluateStaleness(record));
}

}  // namespace baton
