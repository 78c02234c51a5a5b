#ifndef BATON_PIPELINE_PLAN_KEYS_H_
#define BATON_PIPELINE_PLAN_KEYS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/key.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"

namespace baton {

// The keys of the stages: all that each one's result depends on, by content. Pure functions of their arguments.

// Raised by a change of a stage's code that changes its result, so that results of the old code are not taken for those
// of the new one.
inline constexpr int kLoadFormatVersion = 1;
inline constexpr int kTrainFormatVersion = 2;
inline constexpr int kEvaluateFormatVersion = 2;
inline constexpr int kRoundsFormatVersion = 1;

// Names of inputs of train's key that are no fields of the configuration.
inline constexpr char kDatasetInput[] = "load.dataset";
// Of the files with the weights and the buffers that training begins with, where train.initial_weights names a
// snapshot.
inline constexpr char kInitialWeightsInput[] = "train.initial_weights.sha256";
inline constexpr char kInitialBuffersInput[] = "train.initial_weights.buffers_sha256";
// Of a training that went on from another with something changed (pipeline/plan/amend.h).
inline constexpr char kAmendedFromInput[] = "train.amended_from";
inline constexpr char kAmendedStepInput[] = "train.amended_step";
// The field with the step at which a schedule ends.
inline constexpr char kHorizonInput[] = "train.schedule.horizon_steps";
// Of evaluate's key with bias-variance rounds: the goals of training, 0 where there is none.
inline constexpr char kRoundsMaxStepsInput[] = "bias_variance.max_steps";
inline constexpr char kRoundsMaxEpochsInput[] = "bias_variance.max_epochs";

// `raw_sha256` is the raw file's.
KeyInputs LoadKey(const PipelineConfig& config, absl::string_view raw_sha256);

// `config` names the end of a schedule that has one (WithHorizon). `initial_weights` count only where
// train.initial_weights is set.
KeyInputs TrainKey(const PipelineConfig& config, absl::string_view dataset_version,
                   const InitialWeights& initial_weights = {});
// Whether both are the same to the key, by content.
bool SameWeights(const InitialWeights& a, const InitialWeights& b);

// The train configuration with the step at which its schedule ends, where it has an end and names none.
PipelineConfig WithHorizon(PipelineConfig config, uint64_t horizon_steps);
// Whether it has an end and names none.
bool LeavesHorizonOpen(const TrainConfig& config);

// Of `train`, which is complete: its key and how far it came, since the report shows its history; and the weights and
// buffers that are evaluated. With bias-variance rounds also what those depend on.
KeyInputs EvaluateKey(const PipelineConfig& config, absl::string_view dataset_version, const TrainSection& train);

// The rounds of the bias-variance decomposition, whatever their number: a training on other draws of the same dataset,
// with the configuration, goal and initial weights of `train`. `config` as TrainKey() takes it.
KeyInputs RoundsKey(const PipelineConfig& config, absl::string_view dataset_version, const TrainSection& train);

// The snapshot that evaluate evaluates: the best one if the configuration says so and there is one, else the last.
const SnapshotReference& EvaluatedSnapshot(const PipelineConfig& config, const TrainSection& train);

// What the recorded key was made from.
std::vector<FieldValue> RecordedInputs(const StageRun& stage);

// Numbers among the inputs; absent where they are not.
std::optional<uint64_t> AmendedStep(const KeyInputs& train_inputs);
std::optional<uint64_t> HorizonSteps(const std::vector<FieldValue>& train_inputs);

}  // namespace baton

#endif  // BATON_PIPELINE_PLAN_KEYS_H_
