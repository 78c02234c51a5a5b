#ifndef BATON_PIPELINE_EVALUATE_BIAS_VARIANCE_REPORT_H_
#define BATON_PIPELINE_EVALUATE_BIAS_VARIANCE_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/evaluate/bias_variance.h"

namespace baton {

struct BiasVarianceData {
  BiasVariance result;
  Loss loss = Loss::kZeroOne;
  // Of each row of the holdout: its number in the raw file, and its target (a class's number, or in its own units).
  std::vector<int64_t> row_numbers;
  std::vector<double> targets;
  // In the vocabulary's order; empty for a regression.
  std::vector<std::string> class_labels;
  std::string target_name;
};

// The part of report.html on bias and variance: both with their errors, what they say of the model and what can be done
// about it, how they settle over the rounds, in which classes or for which targets the model is wrong or unsteady, and
// the rows that cost most. The same data give the same bytes.
std::string BiasVarianceHtml(const BiasVarianceData& data);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_BIAS_VARIANCE_REPORT_H_
