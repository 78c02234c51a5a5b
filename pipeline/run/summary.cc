#include "pipeline/run/summary.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/human.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/evaluate/result_table.h"

namespace baton {
namespace {

using Row = std::vector<std::string>;

std::string TimeOf(const StageRun& stage) {
  double seconds = 0;
  for (const Attempt& attempt : stage.attempts()) seconds += attempt.wall_seconds();
  return HumanSeconds(seconds);
}

const StageRun& StageOf(const Metadata& record, const std::string& stage) {
  if (stage == kLoadStage) return record.load().stage();
  return stage == kTrainStage ? record.train().stage() : record.evaluate().stage();
}

std::string Stages(const Metadata& record, const std::vector<std::pair<std::string, std::string>>& results) {
  std::vector<Row> rows = {{"stage", "result", "time"}};
  for (const auto& [stage, result] : results) rows.push_back({stage, result, TimeOf(StageOf(record, stage))});
  return AlignColumns(rows, 2, 2);
}

std::string Metrics(const EvaluateSection& evaluate) {
  const auto& baseline = evaluate.baseline_performance();
  std::vector<Row> rows = {{absl::StrCat("holdout, ", HumanCount(evaluate.rows()), " rows"), "model", "baseline"}};
  // A map of protobuf has no order.
  const std::map<std::string, double> metrics(evaluate.holdout_performance().begin(),
                                              evaluate.holdout_performance().end());
  for (const auto& [name, value] : metrics) {
    const auto found = baseline.find(name);
    rows.push_back({name, HumanNumber(value), found == baseline.end() ? "" : HumanNumber(found->second)});
  }
  return AlignColumns(rows, 2, 1);
}

std::string Places(const Metadata& record, const std::string& run_dir) {
  std::string text;
  const auto add = [&](absl::string_view label, const std::string& path) {
    if (!path.empty()) absl::StrAppend(&text, "  ", label, ": ", JoinPath(run_dir, path), "\n");
  };
  add("model", record.evaluate().snapshot().path());
  add("report", record.evaluate().report());
  return absl::StrCat(text, "  head: ", record.sha256(), "\n");
}

}  // namespace

std::string Summary(const Metadata& record, const std::string& run_dir,
                    const std::vector<std::pair<std::string, std::string>>& results) {
  const std::vector<Row> parts = BiasVarianceRows(record.evaluate());
  return absl::StrCat(AlignColumns({{record.run().name()}}, 0, 1), "\n", Stages(record, results), "\n",
                      Metrics(record.evaluate()), "\n", AlignColumns(parts, 2, 1), parts.empty() ? "" : "\n",
                      Places(record, run_dir));
}

}  // namespace baton
