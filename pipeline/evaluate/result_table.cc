#include "pipeline/evaluate/result_table.h"

#include <map>
#include <vector>

#include "base/human.h"

namespace baton {

std::string ResultTable(const EvaluateSection& section) {
  std::vector<std::vector<std::string>> rows = {{"metric", "holdout", "baseline"}};
  // A map field has no order of its own.
  const std::map<std::string, double> metrics(section.holdout_performance().begin(),
                                              section.holdout_performance().end());
  for (const auto& [name, value] : metrics) {
    const auto baseline = section.baseline_performance().find(name);
    const bool known = baseline != section.baseline_performance().end();
    rows.push_back({name, HumanNumber(value), known ? HumanNumber(baseline->second) : "-"});
  }
  return AlignColumns(rows, /*indent=*/0, /*first_right=*/1);
}

}  // namespace baton
