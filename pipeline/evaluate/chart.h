#ifndef BATON_PIPELINE_EVALUATE_CHART_H_
#define BATON_PIPELINE_EVALUATE_CHART_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace baton {

// Charts as SVG, to be set into an HTML page that defines the CSS classes "grid", "ink", "muted", "first", "second",
// "third" and "cell" (report.cc does). The same data give the same bytes. Texts may be anything; they are escaped.

struct Point {
  double x = 0;
  double y = 0;
};

// Lines and dots between two linear axes, which reach as far as the data do.
struct Plot {
  struct Series {
    std::string name = "";   // for the legend
    std::string style = "";  // CSS class: "first", "second" or "third"
    std::vector<Point> points = {};
    bool dots = false;  // instead of a line
  };
  std::string x_label = "";
  std::string y_label = "";
  // No ticks between whole numbers on the x axis.
  bool whole_x = false;
  // Both axes cover the same range, and the line y = x is drawn.
  bool diagonal = false;
  std::vector<Series> series = {};
  // Where a vertical line stands, and what is written at it. None if the text is empty.
  double mark_x = 0;
  std::string mark = "";
};

// Points that are not finite are left out.
std::string PlotSvg(const Plot& plot);

// A confusion matrix: counts[target * labels.size() + prediction]. A cell is as dark as its share of its row.
std::string ConfusionSvg(absl::Span<const std::string> labels, absl::Span<const uint64_t> counts);

// At most `count` + 1 round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`; low < high.
std::vector<double> RoundTicks(double low, double high, int count);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_CHART_H_
