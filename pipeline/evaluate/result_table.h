#ifndef BATON_PIPELINE_EVALUATE_RESULT_TABLE_H_
#define BATON_PIPELINE_EVALUATE_RESULT_TABLE_H_

#include <string>

#include "metadata/metadata.pb.h"

namespace baton {

// For people: a line a metric, with its value on the holdout and the baseline's.
std::string ResultTable(const EvaluateSection& section);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_RESULT_TABLE_H_
