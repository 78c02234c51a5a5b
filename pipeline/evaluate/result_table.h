#ifndef BATON_PIPELINE_EVALUATE_RESULT_TABLE_H_
#define BATON_PIPELINE_EVALUATE_RESULT_TABLE_H_

#include <string>
#include <vector>

#include "metadata/metadata.pb.h"

namespace baton {

// For people: a line a metric, with its value on the holdout and the baseline's.
std::string ResultTable(const EvaluateSection& section);

// The rows of a table on bias and variance, its head first; none without rounds.
std::vector<std::vector<std::string>> BiasVarianceRows(const EvaluateSection& section);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_RESULT_TABLE_H_
