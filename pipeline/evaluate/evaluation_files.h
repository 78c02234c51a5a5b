#ifndef BATON_PIPELINE_EVALUATE_EVALUATION_FILES_H_
#define BATON_PIPELINE_EVALUATE_EVALUATION_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"
#include "pipeline/evaluate/bias_variance.h"
#include "pipeline/evaluate/evaluation.h"
#include "pipeline/evaluate/holdout.h"

namespace baton {

inline constexpr char kPredictionsFile[] = "predictions.safetensors";
inline constexpr char kReportFile[] = "report.html";
inline constexpr char kBiasVarianceFile[] = "bias_variance.safetensors";

// What the rounds of the bias-variance decomposition gave.
struct RoundResults {
  // Those of round 0 for all rows, then those of round 1 ...
  std::vector<double> predictions;
  BiasVariance parts;
};

// Writes the folder `path`, which appears complete or not at all: `report` as report.html, and predictions.safetensors
// with, for each row of the holdout,
//   row         I64              its number in the raw file, from 1, without the header
//   target      I64 or F32       class, or number in the target's own units
//   prediction  I64 or F32       the same, predicted
//   outputs     F32              as the model gives them: a score a class, or a number scaled as it was trained
// and, where there are `rounds`, bias_variance.safetensors with `row` and `target` likewise and
//   round_predictions          I64 or F64 [rounds, rows]
//   main_prediction            I64 or F64 [rows]
//   loss, bias, variance       F64 [rows]
// A folder that is there and holds the same bytes stays; one that holds others is reported and set aside. Returns what
// the folder holds, with paths inside it.
absl::StatusOr<std::vector<Artifact>> WriteEvaluation(FileSystem& fs, const std::string& path, const Holdout& holdout,
                                                      const std::vector<float>& outputs, const Evaluation& evaluation,
                                                      const std::string& report,
                                                      const std::optional<RoundResults>& rounds);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_EVALUATION_FILES_H_
