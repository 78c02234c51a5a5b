#ifndef BATON_PIPELINE_REPRODUCE_REPORT_H_
#define BATON_PIPELINE_REPRODUCE_REPORT_H_

#include <string>

#include "pipeline/reproduce/reproduce.h"

namespace baton {

// What a replay came to, for a terminal: a table of the products, then where those that differ do, how the environment
// deviates, and whether all is equal.
std::string ReproductionText(const Reproduction& reproduction);

// The same as JSON; docs/evidence.md says which fields.
std::string ReproductionJson(const Reproduction& reproduction);

}  // namespace baton

#endif  // BATON_PIPELINE_REPRODUCE_REPORT_H_
