#include "pipeline/evaluate/bias_variance_report.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipeline/evaluate/chart.h"
#include "pipeline/evaluate/html.h"

namespace baton {
namespace {

constexpr size_t kWorstRows = 10;
constexpr size_t kRanges = 5;
constexpr size_t kMostClasses = 50;
constexpr size_t kMostPoints = 500;

std::string Number(double value) { return absl::StrFormat("%.4g", value); }

std::string WithError(double value, double error, bool has_error) {
  return has_error ? absl::StrFormat("%.4g</td><td class=\"muted\">± %.2g", value, error)
                   : absl::StrCat(Number(value), "</td><td class=\"muted\">");
}

std::string Table(const BiasVarianceData& data) {
  const Decomposition& mean = data.result.mean;
  const bool has_error = data.result.standard_error.has_value();
  const Decomposition error = data.result.standard_error.value_or(Decomposition());
  const char* const loss = data.loss == Loss::kZeroOne ? "expected 0-1 loss" : "expected squared error";
  const char* const bias = data.loss == Loss::kZeroOne ? "bias" : "bias (squared)";
  return absl::StrCat("<table>\n<tr><th></th><th>mean</th><th>standard error</th></tr>\n<tr><td class=\"text\">", loss,
                      "</td><td class=\"value\">", WithError(mean.loss, error.loss, has_error),
                      "</td></tr>\n<tr><td class=\"text\">", bias, "</td><td class=\"value\">",
                      WithError(mean.bias, error.bias, has_error),
                      "</td></tr>\n<tr><td class=\"text\">variance</td><td class=\"value\">",
                      WithError(mean.variance, error.variance, has_error), "</td></tr>\n</table>\n");
}

// What the numbers say, and what can be done.
std::string Advice(const BiasVarianceData& data) {
  const Decomposition& mean = data.result.mean;
  if (mean.loss == 0) return "No round was wrong about any row: there is nothing to explain.";
  const bool classes = data.loss == Loss::kZeroOne;
  const std::string biased = classes ? "most rounds agree on a wrong class" : "the rounds' mean is off";
  constexpr char kLowerBias[] =
      "a larger model, more or better features, longer training or less regularisation can lower it; more rows of the "
      "same kind will not";
  constexpr char kLowerVariance[] =
      "more training rows, weight decay, dropout, earlier stopping, an average of the weights (train.ema) or a smaller "
      "model can lower it";
  if (mean.bias >= 2 * mean.variance) {
    return absl::StrCat("Bias prevails: where the model is wrong, ", biased, ", whichever rows it was trained on; ",
                        kLowerBias, ".");
  }
  if (mean.variance >= 2 * mean.bias) {
    return absl::StrCat("Variance prevails: what the model predicts depends on the rows that it happened to see; ",
                        kLowerVariance, ".");
  }
  return absl::StrCat("Bias and variance are of a similar size. Against bias: ", kLowerBias,
                      ". Against variance: ", kLowerVariance, ".");
}

std::string Settling(const BiasVarianceData& data) {
  const std::vector<Decomposition>& by_rounds = data.result.by_rounds;
  if (by_rounds.size() < 2) return "";
  Plot plot{.x_label = "rounds",
            .y_label = data.loss == Loss::kZeroOne ? "0-1 loss" : "squared error",
            .whole_x = true,
            .series = {{.name = "expected loss", .style = "first"},
                       {.name = "bias", .style = "second"},
                       {.name = "variance", .style = "third"}}};
  const size_t stride = (by_rounds.size() + kMostPoints - 1) / kMostPoints;
  for (size_t i = 0; i < by_rounds.size(); ++i) {
    if (i % stride != 0 && i + 1 != by_rounds.size()) continue;
    const double rounds = static_cast<double>(i + 1);
    plot.series[0].points.push_back({rounds, by_rounds[i].loss});
    plot.series[1].points.push_back({rounds, by_rounds[i].bias});
    plot.series[2].points.push_back({rounds, by_rounds[i].variance});
  }
  return absl::StrCat(
      "<h3>How they settle</h3>\n<p class=\"muted\">Of the first rounds, more and more of them. Where the lines still "
      "move at the right end, raise evaluate.bias_variance.rounds: only the new rounds are trained. The variance of "
      "few rounds is too low.</p>\n",
      PlotSvg(plot));
}

// Means over some rows, with what they have in common.
struct Part {
  std::string name;
  size_t rows = 0;
  Decomposition sum = {};
  void Add(const Decomposition& row) {
    ++rows;
    sum += row;
  }
};

std::vector<Part> ByClass(const BiasVarianceData& data) {
  std::vector<Part> parts(data.class_labels.size());
  for (size_t c = 0; c < parts.size(); ++c) parts[c].name = data.class_labels[c];
  for (size_t i = 0; i < data.targets.size(); ++i) {
    parts[static_cast<size_t>(data.targets[i])].Add(data.result.rows[i]);
  }
  std::erase_if(parts, [](const Part& part) { return part.rows == 0; });
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.sum.loss / static_cast<double>(a.rows) > b.sum.loss / static_cast<double>(b.rows);
  });
  return parts;
}

// Ranges of the target with about as many rows each.
std::vector<Part> ByRange(const BiasVarianceData& data) {
  std::vector<size_t> order(data.targets.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return data.targets[a] < data.targets[b]; });
  const size_t count = std::min(kRanges, order.size());
  std::vector<Part> parts;
  for (size_t range = 0; range < count; ++range) {
    const size_t begin = range * order.size() / count, end = (range + 1) * order.size() / count;
    Part part{.name = absl::StrCat(Number(data.targets[order[begin]]), " to ", Number(data.targets[order[end - 1]]))};
    for (size_t i = begin; i < end; ++i) part.Add(data.result.rows[order[i]]);
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string Parts(const BiasVarianceData& data) {
  std::vector<Part> parts = data.loss == Loss::kZeroOne ? ByClass(data) : ByRange(data);
  const size_t all = parts.size();
  if (parts.size() > kMostClasses) parts.resize(kMostClasses);
  std::string html = absl::StrCat(
      "<h3>Where the model is biased, and where it varies</h3>\n<p class=\"muted\">Means over the holdout's rows by ",
      EscapeHtml(data.target_name), data.loss == Loss::kZeroOne ? ", the costliest first" : ", from low to high",
      all > parts.size() ? absl::StrCat(" (", parts.size(), " of ", all, " classes)") : "", ".</p>\n<table>\n<tr><th>",
      EscapeHtml(data.target_name), "</th><th>rows</th><th>expected loss</th><th>bias</th><th>variance</th></tr>\n");
  for (const Part& part : parts) {
    const double rows = static_cast<double>(part.rows);
    absl::StrAppendFormat(&html, "<tr><td class=\"text\">%s</td><td>%d</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                          EscapeHtml(part.name), part.rows, Number(part.sum.loss / rows), Number(part.sum.bias / rows),
                          Number(part.sum.variance / rows));
  }
  return absl::StrCat(html, "</table>\n");
}

std::string WorstRows(const BiasVarianceData& data) {
  const std::vector<Decomposition>& rows = data.result.rows;
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return rows[a].loss > rows[b].loss; });
  std::erase_if(order, [&](size_t i) { return rows[i].loss == 0; });
  if (order.empty()) return "";
  if (order.size() > kWorstRows) order.resize(kWorstRows);
  const bool classes = data.loss == Loss::kZeroOne;
  const auto shown = [&](double value) {
    return classes ? EscapeHtml(data.class_labels[static_cast<size_t>(value)]) : Number(value);
  };
  std::string html = absl::StrCat(
      "<h3>Rows that cost most</h3>\n<p class=\"muted\">",
      classes ? "A row that nearly every round gets wrong may have a wrong label. "
              : "A row whose target lies far from what the rounds agree on may have a wrong target. ",
      "Rows are numbered as in the raw file, from 1, without its header.</p>\n<table>\n<tr><th>row</th><th>true</th>"
      "<th>main prediction</th><th>",
      classes ? "rounds that are wrong" : "expected loss", "</th><th>variance</th></tr>\n");
  for (const size_t i : order) {
    absl::StrAppendFormat(&html, "<tr><td class=\"text\">%d</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                          data.row_numbers[i], shown(data.targets[i]), shown(data.result.main_predictions[i]),
                          classes ? absl::StrFormat("%.0f %%", 100 * rows[i].loss) : Number(rows[i].loss),
                          Number(rows[i].variance));
  }
  return absl::StrCat(html, "</table>\n");
}

}  // namespace

std::string BiasVarianceHtml(const BiasVarianceData& data) {
  const size_t rounds = data.result.by_rounds.size();
  return absl::StrCat(
      "<h2>Bias and variance</h2>\n<p class=\"muted\">Of ", rounds,
      rounds == 1 ? " model that was" : " models that were each",
      " trained on a bootstrap sample of the training rows, from initial weights of its own: not of the one model that "
      "is evaluated above, but of the way it is trained.",
      data.loss == Loss::kZeroOne ? " Of 0-1 loss the two do not add up to the loss." : " The two add up to the loss.",
      "</p>\n", Table(data), "<p>", Advice(data), "</p>\n", Settling(data), Parts(data), WorstRows(data));
}

}  // namespace baton
