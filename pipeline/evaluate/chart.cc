#include "pipeline/evaluate/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pipeline/evaluate/html.h"

namespace baton {
namespace {

// In SVG units, which are CSS pixels at full width.
constexpr double kWidth = 640;
constexpr double kHeight = 360;
constexpr double kLeft = 70;
constexpr double kRight = 20;
constexpr double kTop = 34;
constexpr double kBottom = 52;
constexpr double kCell = 46;
// In bytes.
constexpr size_t kLongestLabel = 24;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void Include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // With a margin, and never empty.
  Range Widened(double share) const {
    if (low > high) return {0, 1};
    const double margin = low == high ? std::max(0.5, std::abs(low) / 10) : (high - low) * share;
    return {low - margin, high + margin};
  }
};

bool IsFinite(const Point& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

std::string Text(double x, double y, absl::string_view anchor, absl::string_view style, absl::string_view text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", x, y, anchor, style,
                         EscapeHtml(text));
}

std::string Line(double x1, double y1, double x2, double y2, absl::string_view style) {
  return absl::StrFormat("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2,
                         style);
}

std::string Open(double width, double height, absl::string_view label) {
  return absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" style=\"max-width:%.0fpx\" role=\"img\" aria-label=\"%s\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n",
      width, height, width, EscapeHtml(label));
}

// Of a long label the beginning, cut between characters.
std::string Shortened(const std::string& label) {
  if (label.size() <= kLongestLabel) return label;
  size_t end = kLongestLabel - 3;
  while (end > 0 && (label[end] & 0xc0) == 0x80) --end;
  return absl::StrCat(label.substr(0, end), "...");
}

// From the data's ranges to places in the drawing.
class Axes {
 public:
  explicit Axes(const Plot& plot) {
    for (const Plot::Series& series : plot.series) {
      for (const Point& point : series.points) {
        if (!IsFinite(point)) continue;
        x_.Include(point.x);
        y_.Include(point.y);
      }
    }
    if (plot.diagonal) {
      x_.Include(y_.low);
      x_.Include(y_.high);
      y_ = x_;
    }
    x_ = x_.Widened(plot.diagonal ? 0.04 : 0);
    y_ = y_.Widened(0.04);
  }

  double X(double x) const { return kLeft + (x - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - kRight); }
  double Y(double y) const {
    return kHeight - kBottom - (y - y_.low) / (y_.high - y_.low) * (kHeight - kTop - kBottom);
  }
  const Range& x() const { return x_; }

  std::string Svg(const Plot& plot) const {
    std::string svg;
    for (const double tick : RoundTicks(y_.low, y_.high, 6)) {
      absl::StrAppend(&svg, Line(kLeft, Y(tick), kWidth - kRight, Y(tick), "grid"));
      absl::StrAppend(&svg, Text(kLeft - 8, Y(tick) + 4, "end", "muted", absl::StrFormat("%.6g", tick)));
    }
    for (const double tick : RoundTicks(x_.low, x_.high, 8)) {
      if (plot.whole_x && tick != std::floor(tick)) continue;
      absl::StrAppend(&svg, Text(X(tick), kHeight - kBottom + 18, "middle", "muted", absl::StrFormat("%.6g", tick)));
    }
    absl::StrAppend(&svg, Line(kLeft, kHeight - kBottom, kWidth - kRight, kHeight - kBottom, "axis"));
    absl::StrAppend(&svg, Text((kLeft + kWidth - kRight) / 2, kHeight - 12, "middle", "muted", plot.x_label));
    absl::StrAppendFormat(&svg, "<g transform=\"translate(16 %.1f) rotate(-90)\">%s</g>\n",
                          (kTop + kHeight - kBottom) / 2, Text(0, 0, "middle", "muted", plot.y_label));
    return svg;
  }

 private:
  Range x_;
  Range y_;
};

std::string SeriesSvg(const Plot::Series& series, const Axes& axes) {
  std::string svg;
  if (series.dots) {
    for (const Point& point : series.points) {
      if (!IsFinite(point)) continue;
      absl::StrAppendFormat(&svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" class=\"%s dot\"/>\n", axes.X(point.x),
                            axes.Y(point.y), series.style);
    }
    return svg;
  }
  for (const Point& point : series.points) {
    if (IsFinite(point)) absl::StrAppendFormat(&svg, "%.1f,%.1f ", axes.X(point.x), axes.Y(point.y));
  }
  return absl::StrCat("<polyline points=\"", svg, "\" class=\"", series.style, " line\"/>\n");
}

}  // namespace

std::vector<double> RoundTicks(double low, double high, int count) {
  const double least = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(least)));
  double step = 10 * power;
  for (const double factor : {5, 2, 1}) {
    if (factor * power >= least) step = factor * power;
  }
  std::vector<double> ticks;
  // From whole multiples, so that no error adds up; + 0 makes -0 a 0.
  for (double i = std::ceil(low / step); i * step <= high; ++i) ticks.push_back(i * step + 0);
  return ticks;
}

std::string PlotSvg(const Plot& plot) {
  const Axes axes(plot);
  std::string svg = Open(kWidth, kHeight, absl::StrCat(plot.y_label, " by ", plot.x_label));
  absl::StrAppend(&svg, axes.Svg(plot));
  if (plot.diagonal) {
    absl::StrAppend(
        &svg, Line(axes.X(axes.x().low), axes.Y(axes.x().low), axes.X(axes.x().high), axes.Y(axes.x().high), "mark"));
  }
  if (!plot.mark.empty()) {
    const double x = axes.X(plot.mark_x);
    const bool left = x > kWidth * 2 / 3;
    absl::StrAppend(&svg, Line(x, kTop, x, kHeight - kBottom, "mark"));
    absl::StrAppend(&svg, Text(left ? x - 6 : x + 6, kTop + 12, left ? "end" : "start", "muted", plot.mark));
  }
  double legend_x = kLeft;
  for (const Plot::Series& series : plot.series) {
    absl::StrAppend(&svg, SeriesSvg(series, axes));
    if (plot.series.size() < 2) continue;
    absl::StrAppend(&svg, Line(legend_x, 14, legend_x + 18, 14, absl::StrCat(series.style, " line")));
    absl::StrAppend(&svg, Text(legend_x + 24, 18, "start", "ink", series.name));
    legend_x += 50 + 7.5 * static_cast<double>(series.name.size());
  }
  return absl::StrCat(svg, "</svg>\n");
}

std::string ConfusionSvg(absl::Span<const std::string> labels, absl::Span<const uint64_t> counts) {
  const size_t classes = labels.size();
  size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, Shortened(label).size());
  const double margin = 40 + 7.5 * static_cast<double>(longest);
  const double size = kCell * static_cast<double>(classes);
  std::string svg = Open(margin + size + 10, margin + size + 10, "confusion matrix");
  const auto label_svg = [&](size_t i, absl::string_view place, absl::string_view anchor) {
    return absl::StrCat("<g transform=\"", place, "\"><title>", EscapeHtml(labels[i]), "</title>",
                        Text(0, 0, anchor, "ink", Shortened(labels[i])), "</g>\n");
  };
  const double middle = margin + size / 2;
  absl::StrAppend(&svg, Text(middle, 14, "middle", "muted", "predicted"));
  absl::StrAppendFormat(&svg, "<g transform=\"translate(14 %.1f) rotate(-90)\">%s</g>\n", middle,
                        Text(0, 0, "middle", "muted", "true"));
  for (size_t i = 0; i < classes; ++i) {
    const double at = margin + kCell * (static_cast<double>(i) + 0.5);
    absl::StrAppend(&svg, label_svg(i, absl::StrFormat("translate(%.1f %.1f)", margin - 8, at + 4), "end"));
    absl::StrAppend(&svg,
                    label_svg(i, absl::StrFormat("translate(%.1f %.1f) rotate(-90)", at + 4, margin - 8), "start"));
    const absl::Span<const uint64_t> row = counts.subspan(i * classes, classes);
    uint64_t total = 0;
    for (const uint64_t count : row) total += count;
    for (size_t j = 0; j < classes; ++j) {
      const double share = total == 0 ? 0 : static_cast<double>(row[j]) / static_cast<double>(total);
      const double x = margin + kCell * static_cast<double>(j);
      const double y = margin + kCell * static_cast<double>(i);
      absl::StrAppendFormat(
          &svg,
          "<g><title>%s as %s: %d of %d</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.0f\" "
          "class=\"cell\" fill-opacity=\"%.3f\"/>\n%s</g>\n",
          EscapeHtml(labels[i]), EscapeHtml(labels[j]), row[j], total, x, y, kCell - 2, kCell - 2, share,
          Text(x + kCell / 2 - 1, y + kCell / 2 + 4, "middle",
               share > 0.5  ? "on-cell"
               : row[j] > 0 ? "ink"
                            : "muted",
               absl::StrCat(row[j])));
    }
  }
  return absl::StrCat(svg, "</svg>\n");
}

}  // namespace baton
