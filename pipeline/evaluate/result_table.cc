#include "pipeline/evaluate/result_table.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "base/human.h"

namespace baton {

std::vector<std::vector<std::string>> BiasVarianceRows(const EvaluateSection& section) {
  if (!section.has_bootstrap_rounds()) return {};
  const auto row = [](const char* name, double mean, bool has_error, double error) -> std::vector<std::string> {
    return {name, HumanNumber(mean), has_error ? HumanNumber(error) : "-"};
  };
  const bool errors = section.has_avg_bias_standard_error();
  return {
      {absl::StrCat("bias and variance, ", HumanCount(section.bootstrap_rounds()), " rounds"), "mean", "std. error"},
      row("expected loss", section.avg_expected_loss(), errors, section.avg_expected_loss_standard_error()),
      row("bias", section.avg_bias(), errors, section.avg_bias_standard_error()),
      row("variance", section.avg_variance(), errors, section.avg_variance_standard_error())};
}

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
  const auto parts = BiasVarianceRows(section);
  return absl::StrCat(AlignColumns(rows, /*indent=*/0, /*first_right=*/1), parts.empty() ? "" : "\n",
                      AlignColumns(parts, /*indent=*/0, /*first_right=*/1));
}

}  // namespace baton
