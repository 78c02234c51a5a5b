#include "metadata/show.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/human.h"
#include "metadata/amendments.h"
#include "metadata/page.h"
#include "metadata/staleness.h"

namespace baton {
namespace {

// Of a long history, the newest are shown.
constexpr int kMeasurements = 10;

std::string Join(const std::vector<std::string>& parts) {
  std::vector<std::string> there;
  std::copy_if(parts.begin(), parts.end(), std::back_inserter(there), [](const std::string& s) { return !s.empty(); });
  return absl::StrJoin(there, ", ");
}

// "3 attempts", "1 attempt".
std::string Counted(uint64_t count, const std::string& noun) {
  return absl::StrCat(HumanCount(count), " ", noun, count == 1 ? "" : "s");
}

std::string Lines(const google::protobuf::RepeatedPtrField<Artifact>& artifacts) {
  if (artifacts.empty()) return "";
  uint64_t bytes = 0;
  for (const Artifact& artifact : artifacts) bytes += artifact.size_bytes();
  return absl::StrCat(Counted(artifacts.size(), "file"), ", ", HumanBytes(bytes));
}

std::string SnapshotText(const SnapshotReference& snapshot) {
  return Join(
      {snapshot.has_step_index() ? absl::StrCat("step ", HumanCount(snapshot.step_index())) : "",
       snapshot.has_validation_loss() ? absl::StrCat("validation loss ", HumanNumber(snapshot.validation_loss())) : "",
       snapshot.has_metric() ? absl::StrCat("selection metric ", HumanNumber(snapshot.metric())) : "",
       snapshot.path()});
}

std::string InitialWeightsText(const InitialWeights& weights) {
  const uint64_t loaded = weights.tensors_loaded(), drawn = weights.tensors_drawn();
  return Join({weights.has_tensors_loaded() ? absl::StrCat(loaded, " of ", Counted(loaded + drawn, "tensor")) : "",
               weights.has_step_index() ? absl::StrCat("step ", HumanCount(weights.step_index())) : "",
               weights.has_run_id() ? absl::StrCat("run ", weights.run_id()) : "", weights.file()});
}

// How an attempt ended, as far as the record knows.
std::string AttemptEnd(const StageRun& stage, int index) {
  const bool newest = index + 1 == stage.attempts_size();
  if (stage.attempts(index).has_end_time()) return newest ? StageRun::Status_Name(stage.status()) : "ended";
  return newest && stage.status() == StageRun::RUNNING ? "running, or killed" : "killed";
}

void ShowAttempts(const StageRun& stage, Page& page) {
  if (stage.attempts().empty()) return;
  std::vector<Page::Row> rows = {{"attempt", "started", "end", "host", "device", "workers", "time", "cpu", "memory"}};
  for (int i = 0; i < stage.attempts_size(); ++i) {
    const Attempt& attempt = stage.attempts(i);
    rows.push_back({attempt.attempt_id(), attempt.has_start_time() ? HumanTime(attempt.start_time()) : "",
                    AttemptEnd(stage, i), attempt.host(), attempt.device(),
                    attempt.has_workers() ? absl::StrCat(attempt.workers()) : "",
                    attempt.has_wall_seconds() ? HumanSeconds(attempt.wall_seconds()) : "",
                    attempt.has_cpu_seconds() ? HumanSeconds(attempt.cpu_seconds()) : "",
                    attempt.has_peak_memory_bytes() ? HumanBytes(attempt.peak_memory_bytes()) : ""});
  }
  page.Table(rows, 5);
}

void ShowStage(const std::string& name, const StageRun& stage, const std::string& staleness, Page& page) {
  page.Section(absl::StrCat(name, "  ", stage.has_status() ? StageRun::Status_Name(stage.status()) : "not begun",
                            staleness.empty() ? "" : absl::StrCat("  STALE: ", staleness)));
  page.Value("error", stage.error());
  page.Value("key", stage.key());
}

void ShowRun(const Metadata& record, Page& page) {
  const RunSection& run = record.run();
  page.Section(absl::StrCat("run  ", run.name()));
  page.Value("id", run.run_id());
  if (run.has_parent()) {
    page.Value(
        "forked from",
        Join({run.parent().run_id(),
              run.parent().has_step_index() ? absl::StrCat("step ", HumanCount(run.parent().step_index())) : ""}));
  }
  if (run.has_start_time()) page.Value("started", HumanTime(run.start_time()));
  if (run.has_end_time()) page.Value("ended", HumanTime(run.end_time()));
  if (run.has_time_taken()) page.Value("time taken", HumanSeconds(run.time_taken()));
  if (run.has_memory_usage()) page.Value("peak memory", HumanBytes(run.memory_usage()));
  if (run.has_gpu_usage()) page.Value("peak GPU memory", HumanBytes(run.gpu_usage()));
  const auto shown = [](const std::string& value) { return value.empty() ? "(the default)" : value; };
  const std::vector<const Amendment*> current = AmendmentsOfTraining(record);
  for (const Amendment& amendment : run.amendments()) {
    const bool counts = std::find(current.begin(), current.end(), &amendment) != current.end();
    page.Value(counts ? "amendment" : "amendment of an earlier training",
               absl::StrCat(amendment.stage(), " went on with ", amendment.field(), " ", shown(amendment.old_value()),
                            " -> ", shown(amendment.new_value()), " from step ", amendment.step_index(), " on, ",
                            HumanTime(amendment.time())));
  }
  for (const Deviation& deviation : run.deviations()) {
    page.Value("deviation",
               absl::StrCat(deviation.stage(), " went on with ", deviation.name(), " ", deviation.old_value(), " -> ",
                            deviation.new_value(), ", ", HumanTime(deviation.time())));
  }
}

void ShowLoad(const LoadSection& load, Page& page) {
  ShowStage("load", load.stage(), "", page);
  page.Value("raw file", Join({load.raw_filepath(), load.raw_file_format(),
                               load.has_raw_file_size() ? HumanBytes(load.raw_file_size()) : ""}));
  page.Value("raw file sha256", load.raw_file_sha256());
  if (load.has_raw_dvc_metadata()) {
    const DvcMetadata& dvc = load.raw_dvc_metadata();
    page.Value("DVC", Join({dvc.path(), absl::StrCat("md5 ", dvc.md5()), dvc.desc()}));
  }
  page.Value("dataset version", load.dataset_version());
  page.Value("outputs", Lines(load.outputs()));
  std::vector<std::string> roles;
  for (const ColumnSummary& column : load.schema()) {
    if (column.role() == "target") roles.push_back(absl::StrCat("target ", column.name(), " (", column.kind(), ")"));
  }
  for (const char* role : {"feature", "ignored"}) {
    const int count = std::count_if(load.schema().begin(), load.schema().end(),
                                    [&](const ColumnSummary& column) { return column.role() == role; });
    if (count > 0) roles.push_back(absl::StrCat(count, " ", role, *role == 'f' && count > 1 ? "s" : ""));
  }
  page.Value("columns", Join(roles));
  if (load.has_rows()) page.Value("rows", HumanCount(load.rows()));
  if (!load.splits().empty()) {
    std::vector<Page::Row> rows = {{"split", "rows"}};
    for (const std::string& label : load.class_labels()) rows[0].push_back(label);
    for (const SplitSummary& split : load.splits()) {
      Page::Row row = {split.name(), HumanCount(split.rows())};
      for (const uint64_t count : split.class_counts()) row.push_back(HumanCount(count));
      rows.push_back(std::move(row));
    }
    page.Table(rows, 1);
  }
  ShowAttempts(load.stage(), page);
}

void ShowHistory(const google::protobuf::RepeatedPtrField<Measurement>& history, Page& page) {
  if (history.empty()) return;
  std::set<std::string> metrics;
  for (const Measurement& measurement : history) {
    for (const auto& metric : measurement.validation_metrics()) metrics.insert(metric.first);
  }
  std::vector<Page::Row> rows = {{"epoch", "step", "train loss", "validation loss"}};
  rows[0].insert(rows[0].end(), metrics.begin(), metrics.end());
  rows[0].push_back("learning rate");
  const int first = std::max(0, history.size() - kMeasurements);
  for (int i = first; i < history.size(); ++i) {
    const Measurement& measurement = history[i];
    Page::Row row = {HumanCount(measurement.epoch_index()), HumanCount(measurement.step_index()),
                     measurement.has_train_loss() ? HumanNumber(measurement.train_loss()) : "",
                     measurement.has_validation_loss() ? HumanNumber(measurement.validation_loss()) : ""};
    for (const std::string& name : metrics) {
      const auto metric = measurement.validation_metrics().find(name);
      row.push_back(metric == measurement.validation_metrics().end() ? "" : HumanNumber(metric->second));
    }
    row.push_back(measurement.has_learning_rate() ? HumanNumber(measurement.learning_rate()) : "");
    rows.push_back(std::move(row));
  }
  page.Value("history", first == 0 ? Counted(history.size(), "measurement")
                                   : absl::StrCat("the last ", kMeasurements, " of ", HumanCount(history.size()),
                                                  " measurements"));
  page.Table(rows, 0);
}

void ShowTrain(const Metadata& record, Page& page) {
  const TrainSection& train = record.train();
  ShowStage("train", train.stage(), TrainStaleness(record), page);
  if (train.has_stop_reason()) page.Value("stopped by", TrainSection::StopReason_Name(train.stop_reason()));
  if (train.has_epochs_done()) page.Value("epochs", HumanCount(train.epochs_done()));
  if (train.has_steps_done()) page.Value("steps", HumanCount(train.steps_done()));
  page.Value("model version", train.model_version());
  page.Value("model", train.artifact_uri());
  page.Value("model artifacts", Lines(train.model_artifacts()));
  if (train.has_parameter_count()) page.Value("parameters", HumanCount(train.parameter_count()));
  if (train.run_id() != record.run().run_id()) page.Value("tracker run", train.run_id());
  page.Value("experiment", Join({train.experiment_name(), train.experiment_id()}));
  if (train.has_initial_weights()) {
    page.Value("initial weights", InitialWeightsText(train.initial_weights()));
    page.Value("initial weights sha256", train.initial_weights().sha256());
    page.Value("initial buffers sha256", train.initial_weights().buffers_sha256());
  }
  page.Value("best snapshot", SnapshotText(train.best_snapshot()));
  page.Value("last snapshot", SnapshotText(train.last_snapshot()));
  if (train.has_examples_per_second()) {
    const double rate = train.examples_per_second();
    const bool is_count = rate >= 0 && rate < 1e18;
    page.Value("throughput",
               absl::StrCat(is_count ? HumanCount(static_cast<uint64_t>(rate)) : HumanNumber(rate), " examples/s"));
  }
  ShowHistory(train.history(), page);
  ShowAttempts(train.stage(), page);
}

void ShowEvaluate(const Metadata& record, Page& page) {
  const EvaluateSection& evaluate = record.evaluate();
  ShowStage("evaluate", evaluate.stage(), EvaluateStaleness(record), page);
  page.Value("snapshot", SnapshotText(evaluate.snapshot()));
  if (evaluate.has_rows()) page.Value("holdout rows", HumanCount(evaluate.rows()));
  const auto with_error = [](double value, bool has_error, double error) {
    return absl::StrCat(HumanNumber(value), has_error ? absl::StrCat(" ± ", HumanNumber(error)) : "");
  };
  if (evaluate.has_avg_expected_loss()) {
    page.Value("expected loss",
               with_error(evaluate.avg_expected_loss(), evaluate.has_avg_expected_loss_standard_error(),
                          evaluate.avg_expected_loss_standard_error()));
  }
  if (evaluate.has_avg_bias()) {
    page.Value("bias", with_error(evaluate.avg_bias(), evaluate.has_avg_bias_standard_error(),
                                  evaluate.avg_bias_standard_error()));
  }
  if (evaluate.has_avg_variance()) {
    page.Value("variance", with_error(evaluate.avg_variance(), evaluate.has_avg_variance_standard_error(),
                                      evaluate.avg_variance_standard_error()));
  }
  if (evaluate.has_bootstrap_rounds()) page.Value("bias-variance rounds", HumanCount(evaluate.bootstrap_rounds()));
  page.Value("rounds folder", evaluate.rounds_folder());
  page.Value("report", evaluate.report());
  page.Value("outputs", Lines(evaluate.outputs()));
  if (!evaluate.holdout_performance().empty()) {
    const bool intervals = !evaluate.holdout_intervals().empty();
    std::vector<Page::Row> rows = {{"holdout metric", "model", "baseline"}};
    if (intervals) rows[0].push_back("interval");
    const std::set<std::string> names = [&] {
      std::set<std::string> sorted;
      for (const auto& metric : evaluate.holdout_performance()) sorted.insert(metric.first);
      return sorted;
    }();
    for (const std::string& name : names) {
      const auto baseline = evaluate.baseline_performance().find(name);
      const auto interval = evaluate.holdout_intervals().find(name);
      rows.push_back({name, HumanNumber(evaluate.holdout_performance().at(name)),
                      baseline == evaluate.baseline_performance().end() ? "" : HumanNumber(baseline->second)});
      if (!intervals) continue;
      rows.back().push_back(
          interval == evaluate.holdout_intervals().end()
              ? ""
              : absl::StrCat(HumanNumber(interval->second.lower()), " to ", HumanNumber(interval->second.upper())));
    }
    page.Table(rows, 1);
  }
  ShowAttempts(evaluate.stage(), page);
}

}  // namespace

std::string ShowRecord(const Metadata& record) {
  Page page;
  ShowRun(record, page);
  ShowLoad(record.load(), page);
  ShowTrain(record, page);
  ShowEvaluate(record, page);
  page.Section(absl::StrCat("record  generation ", record.generation()));
  page.Value("committed", Join({record.has_committed_at() ? HumanTime(record.committed_at()) : "",
                                record.has_committed_by() ? absl::StrCat("by ", record.committed_by()) : ""}));
  page.Value("sha256", record.sha256());
  return page.Text();
}

}  // namespace baton
