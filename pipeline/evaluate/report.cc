#include "pipeline/evaluate/report.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipeline/evaluate/chart.h"
#include "pipeline/evaluate/html.h"

namespace baton {
namespace {

// More classes than this make a matrix that nobody can read: the commonest confusions are listed instead.
constexpr size_t kMatrixClasses = 30;
constexpr size_t kListedConfusions = 30;
constexpr size_t kMostDots = 2000;

constexpr char kStyle[] = R"(
:root { --page: #ffffff; --ink: #1c1f24; --muted: #5d6673; --grid: #e3e6ea; --first: #1f6fc4; --second: #c2571a;
        --third: #2f8a4c; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181c; --ink: #e8eaed; --muted: #9aa3af; --grid: #30353c; --first: #66a9ee; --second: #f0935a;
          --third: #6cc389; }
}
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; max-width: 46rem;
       margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
h3 { font-size: 1rem; margin-top: 1.5rem; }
p.muted, td.muted { color: var(--muted); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 1.5rem 0.25rem 0; text-align: right; border-bottom: 1px solid var(--grid); }
th:first-child, td.text { text-align: left; } th { color: var(--muted); font-weight: normal; }
td.value { font-weight: 600; } code { font-size: 0.85rem; word-break: break-all; }
svg { display: block; width: 100%; height: auto; font-size: 13px; }
svg .ink { fill: var(--ink); } svg .muted { fill: var(--muted); } svg .on-cell { fill: var(--page); }
svg .grid { stroke: var(--grid); } svg .axis { stroke: var(--muted); }
svg .mark { stroke: var(--muted); stroke-dasharray: 4 4; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .first.line { stroke: var(--first); } svg .second.line { stroke: var(--second); }
svg .third.line { stroke: var(--third); }
svg .dot { fill-opacity: 0.55; } svg .first.dot { fill: var(--first); }
svg .cell { fill: var(--first); stroke: var(--grid); }
)";

std::string MetricsTable(const EvaluateSection& evaluate) {
  std::string html = "<table>\n<tr><th>metric</th><th>holdout</th><th>baseline</th></tr>\n";
  // A map field has no order of its own.
  const std::map<std::string, double> metrics(evaluate.holdout_performance().begin(),
                                              evaluate.holdout_performance().end());
  for (const auto& [name, value] : metrics) {
    const auto baseline = evaluate.baseline_performance().find(name);
    const std::string beside =
        baseline == evaluate.baseline_performance().end() ? "" : absl::StrFormat("%.6g", baseline->second);
    absl::StrAppendFormat(
        &html, "<tr><td class=\"text\">%s</td><td class=\"value\">%.6g</td><td class=\"muted\">%s</td></tr>\n",
        EscapeHtml(name), value, beside);
  }
  return absl::StrCat(html, "</table>\n");
}

std::string ListedConfusions(const ReportData& data) {
  const size_t classes = data.class_labels.size();
  std::vector<std::tuple<uint64_t, size_t, size_t>> confusions;
  for (size_t target = 0; target < classes; ++target) {
    for (size_t prediction = 0; prediction < classes; ++prediction) {
      const uint64_t count = data.confusion[target * classes + prediction];
      if (count > 0 && target != prediction) confusions.emplace_back(count, target, prediction);
    }
  }
  std::stable_sort(confusions.begin(), confusions.end(),
                   [](const auto& a, const auto& b) { return std::get<0>(a) > std::get<0>(b); });
  std::string html = absl::StrFormat("<h2>Commonest confusions</h2>\n<p class=\"muted\">%d of %d.</p>\n",
                                     std::min(confusions.size(), kListedConfusions), confusions.size());
  absl::StrAppend(&html, "<table>\n<tr><th>true</th><th>predicted</th><th>rows</th></tr>\n");
  if (confusions.size() > kListedConfusions) confusions.resize(kListedConfusions);
  for (const auto& [count, target, prediction] : confusions) {
    absl::StrAppendFormat(&html, "<tr><td class=\"text\">%s</td><td class=\"text\">%s</td><td>%d</td></tr>\n",
                          EscapeHtml(data.class_labels[target]), EscapeHtml(data.class_labels[prediction]), count);
  }
  return absl::StrCat(html, "</table>\n");
}

std::string Confusions(const ReportData& data) {
  if (data.class_labels.size() > kMatrixClasses) return ListedConfusions(data);
  return absl::StrCat("<h2>Confusion matrix</h2>\n<p class=\"muted\">Rows of the holdout by their true ",
                      EscapeHtml(data.target_name), " and the predicted one.</p>\n",
                      ConfusionSvg(data.class_labels, data.confusion));
}

std::string Scatter(const ReportData& data) {
  const size_t stride = (data.targets.size() + kMostDots - 1) / kMostDots;
  Plot plot{.x_label = absl::StrCat("true ", data.target_name),
            .y_label = absl::StrCat("predicted ", data.target_name),
            .diagonal = true,
            .series = {{.name = "holdout", .style = "first", .dots = true}}};
  for (size_t row = 0; row < data.targets.size(); row += stride) {
    plot.series[0].points.push_back({data.targets[row], data.predictions[row]});
  }
  return absl::StrCat("<h2>Predicted against true</h2>\n<p class=\"muted\">Each dot is a row of the holdout",
                      stride > 1 ? absl::StrCat(" (one in ", stride, " is shown)") : "",
                      "; on the dashed line the prediction is exact.</p>\n", PlotSvg(plot));
}

std::string LossCurves(const EvaluateSection& evaluate, const TrainSection& train) {
  Plot::Series training{.name = "training", .style = "first"};
  Plot::Series validation{.name = "validation", .style = "second"};
  // Where an epoch has several measurements, or a first epoch is not finished, epochs tell nothing apart.
  bool by_epoch = true;
  uint64_t before = 0;
  for (const Measurement& measurement : train.history()) {
    by_epoch = by_epoch && measurement.epoch_index() > before;
    before = measurement.epoch_index();
  }
  Plot plot{.x_label = by_epoch ? "epoch" : "step", .y_label = "loss", .whole_x = true};
  for (const Measurement& measurement : train.history()) {
    const double x = static_cast<double>(by_epoch ? measurement.epoch_index() : measurement.step_index());
    training.points.push_back({x, measurement.train_loss()});
    if (measurement.has_validation_loss()) validation.points.push_back({x, measurement.validation_loss()});
    if (measurement.step_index() == evaluate.snapshot().step_index()) {
      plot.mark_x = x;
      plot.mark = "evaluated";
    }
  }
  plot.series.push_back(std::move(training));
  if (!validation.points.empty()) plot.series.push_back(std::move(validation));
  return absl::StrCat("<h2>Losses</h2>\n<p class=\"muted\">As the criterion weighs it",
                      plot.series.size() == 1 ? ", over the training batches" : "", ".</p>\n", PlotSvg(plot));
}

}  // namespace

std::string RenderReport(const ReportData& data, const EvaluateSection& evaluate, const TrainSection& train) {
  const bool classification = !data.class_labels.empty();
  std::string html = absl::StrFormat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>%s: evaluation</title>\n<style>%s</style>\n</head>\n<body>\n",
      EscapeHtml(data.run_name), kStyle);
  absl::StrAppendFormat(&html,
                        "<h1>%s</h1>\n<p class=\"muted\">Predicting %s on %d rows that training never saw, with the "
                        "snapshot of step %d.</p>\n",
                        EscapeHtml(data.run_name), EscapeHtml(data.target_name), evaluate.rows(),
                        evaluate.snapshot().step_index());
  absl::StrAppend(&html, MetricsTable(evaluate));
  absl::StrAppendFormat(&html, "<p class=\"muted\">The baseline knows only the training split's %s.</p>\n",
                        classification ? "class frequencies" : "mean");
  absl::StrAppend(&html, classification ? Confusions(data) : Scatter(data));
  if (!train.history().empty()) absl::StrAppend(&html, LossCurves(evaluate, train));
  if (data.bias_variance.has_value()) absl::StrAppend(&html, BiasVarianceHtml(*data.bias_variance));
  absl::StrAppendFormat(
      &html,
      "<h2>Evaluated</h2>\n<p><code>%s</code><br>\nSHA-256 of the model's weights: <code>%s</code></p>\n"
      "</body>\n</html>\n",
      EscapeHtml(evaluate.snapshot().path()), EscapeHtml(evaluate.snapshot().model_sha256()));
  return html;
}

}  // namespace baton
