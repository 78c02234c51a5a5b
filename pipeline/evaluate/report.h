#ifndef BATON_PIPELINE_EVALUATE_REPORT_H_
#define BATON_PIPELINE_EVALUATE_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metadata/metadata.pb.h"
#include "pipeline/evaluate/bias_variance_report.h"

namespace baton {

// What the report shows beside the record.
struct ReportData {
  std::string run_name = "";
  std::string target_name = "";
  // In the vocabulary's order; empty for a regression.
  std::vector<std::string> class_labels = {};
  // Of a classification: ConfusionMatrix().
  std::vector<uint64_t> confusion = {};
  // Of a regression, in the target's own units.
  std::vector<double> targets = {};
  std::vector<double> predictions = {};
  // Absent without rounds.
  std::optional<BiasVarianceData> bias_variance = std::nullopt;
};

// report.html: one page that needs nothing else, with the holdout's metrics beside the baseline's, a confusion matrix
// or predictions against targets, the curves of the losses, and bias and variance. Large holdouts are shown in part,
// and the page says so. The same arguments give the same bytes. Of `evaluate`, what is measured must be set.
std::string RenderReport(const ReportData& data, const EvaluateSection& evaluate, const TrainSection& train);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_REPORT_H_
