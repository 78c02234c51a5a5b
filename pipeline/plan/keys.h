#ifndef BATON_PIPELINE_PLAN_KEYS_H_
#define BATON_PIPELINE_PLAN_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"

namespace baton {

// The keys of the stages: all that each one's result depends on, by content. The stages use them, and `run`, which
// must come to the same decisions without starting a stage.

// Raised by a change of a stage's code that changes its result, so that results of the old code are not taken for those
// of the new one.
inline constexpr int kLoadFormatVersion = 1;
inline constexpr int kTrainFormatVersion = 1;
inline constexpr int kEvaluateFormatVersion = 1;

// Names of inputs of train's key that are no fields of the configuration.
inline constexpr char kDatasetInput[] = "load.dataset";
// The epoch in which a schedule ends that names no horizon.
inline constexpr char kHorizonInput[] = "train.schedule.horizon_epochs";
// Of the file with the weights with which training begins, where train.initial_weights names a snapshot.
inline constexpr char kInitialWeightsInput[] = "train.initial_weights.sha256";
// Of a training that went on from another with something changed (pipeline/plan/amend.h).
inline constexpr char kAmendedFromInput[] = "train.amended_from";
inline constexpr char kAmendedStepInput[] = "train.amended_step";
bool IsAmendmentInput(absl::string_view name);
// The step from which such a training went on; absent for others.
std::optional<uint64_t> AmendedStep(const KeyInputs& train_inputs);
// Whether `names` has an input's name, or the beginning of it up to a dot: "train.schedule" names all below it.
bool IsNamed(absl::string_view input, const std::vector<std::string>& names);

// `raw_sha256` is the raw file's.
KeyInputs LoadKey(const PipelineConfig& config, absl::string_view raw_sha256);

// `load` is complete; `recorded` is the record's train section, empty if train never ran. A schedule that ends and
// names no horizon ends where max_epochs said when training started, so that number is an input: the recorded one as
// long as nothing else changed, since raising max_epochs is to go on with the training that there is.
// If `allow_changes` names the end of the schedule, it is where max_epochs says now. `initial_weights_sha256` is that
// of train.initial_weights (pipeline/plan/initial_weights.h); without these it is no input.
KeyInputs TrainKey(const PipelineConfig& config, const LoadSection& load, const TrainSection& recorded,
                   absl::string_view initial_weights_sha256 = "", const std::vector<std::string>& allow_changes = {});

// The epoch in which such a schedule ends; absent for other schedules.
std::optional<uint64_t> ScheduleHorizonEpochs(const KeyInputs& train_inputs);

// What the recorded key was made from.
std::vector<FieldValue> RecordedInputs(const StageRun& stage);

// The snapshot that evaluate evaluates: the best one if the configuration says so and there is one, else the last.
const SnapshotReference& EvaluatedSnapshot(const PipelineConfig& config, const TrainSection& train);

// `train` and `load` are complete.
KeyInputs EvaluateKey(const PipelineConfig& config, const TrainSection& train, const LoadSection& load);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_KEYS_H_
