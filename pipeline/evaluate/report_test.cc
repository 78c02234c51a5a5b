#include "pipeline/evaluate/report.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/evaluate/chart.h"
#include "pipeline/evaluate/html.h"

namespace baton {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

EvaluateSection Evaluated() {
  EvaluateSection section;
  (*section.mutable_holdout_performance())["accuracy"] = 0.9375;
  (*section.mutable_baseline_performance())["accuracy"] = 0.625;
  section.set_rows(16);
  section.mutable_snapshot()->set_path("train/abc/step-000000000020");
  section.mutable_snapshot()->set_step_index(20);
  section.mutable_snapshot()->set_model_sha256("c0ffee");
  return section;
}

TrainSection Trained() {
  TrainSection section;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    Measurement& measurement = *section.add_history();
    measurement.set_epoch_index(epoch);
    measurement.set_step_index(10 * epoch);
    measurement.set_train_loss(1.0 / epoch);
    measurement.set_validation_loss(1.5 / epoch);
  }
  return section;
}

ReportData Classification() {
  return {.run_name = "a <run> & more",
          .target_name = "species",
          .class_labels = {"<b>cat</b>", "dog"},
          .confusion = {9, 1, 0, 6}};
}

TEST(ReportTest, ClassificationHasMetricsMatrixAndCurves) {
  const std::string html = RenderReport(Classification(), Evaluated(), Trained());
  EXPECT_THAT(html, HasSubstr("<td class=\"value\">0.9375</td><td class=\"muted\">0.625</td>"));
  EXPECT_EQ(Count(html, "class=\"cell\""), 4);
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;cat&lt;/b&gt; as dog: 1 of 10"));
  EXPECT_EQ(Count(html, "<polyline"), 2);
  EXPECT_THAT(html, HasSubstr("evaluated</text>"));
  EXPECT_THAT(html, HasSubstr("train/abc/step-000000000020"));
  EXPECT_THAT(html, HasSubstr("c0ffee"));
}

TEST(ReportTest, NeedsNothingFromOutsideAndEscapesWhatUsersWrote) {
  const std::string html = RenderReport(Classification(), Evaluated(), Trained());
  EXPECT_THAT(html, HasSubstr("<h1>a &lt;run&gt; &amp; more</h1>"));
  EXPECT_THAT(html, Not(HasSubstr("<b>cat")));
  EXPECT_EQ(Count(html, "http"), Count(html, "http://www.w3.org/2000/svg")) << "the namespace is only a name";
  for (const char* part : {"<script", "<link", "<img", "src=", "href=", "@import", "url("}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
}

TEST(ReportTest, SameArgumentsGiveTheSameBytes) {
  EXPECT_EQ(RenderReport(Classification(), Evaluated(), Trained()),
            RenderReport(Classification(), Evaluated(), Trained()));
}

TEST(ReportTest, ManyClassesAreListedByHowOftenTheyAreConfused) {
  ReportData data = Classification();
  data.class_labels.clear();
  for (int i = 0; i < 40; ++i) data.class_labels.push_back("class" + std::to_string(i));
  data.confusion.assign(40 * 40, 0);
  data.confusion[7 * 40 + 7] = 50;
  data.confusion[3 * 40 + 5] = 2;
  data.confusion[6 * 40 + 1] = 9;
  const std::string html = RenderReport(data, Evaluated(), Trained());
  EXPECT_EQ(Count(html, "class=\"cell\""), 0);
  const size_t first = html.find("<td class=\"text\">class6</td><td class=\"text\">class1</td><td>9</td>");
  const size_t second = html.find("<td class=\"text\">class3</td><td class=\"text\">class5</td><td>2</td>");
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(first, second);
  EXPECT_THAT(html, Not(HasSubstr("class7<"))) << "no confusion";
}

TEST(ReportTest, RegressionHasADotForEachRowUpToTwoThousand) {
  ReportData data{.run_name = "run", .target_name = "y"};
  for (int i = 0; i < 100; ++i) {
    data.targets.push_back(i);
    data.predictions.push_back(i + 0.5);
  }
  const std::string small = RenderReport(data, Evaluated(), TrainSection());
  EXPECT_EQ(Count(small, "<circle"), 100);
  EXPECT_THAT(small, Not(HasSubstr("<polyline"))) << "there is no history";
  for (int i = 100; i < 4001; ++i) {
    data.targets.push_back(i);
    data.predictions.push_back(i);
  }
  const std::string large = RenderReport(data, Evaluated(), TrainSection());
  EXPECT_EQ(Count(large, "<circle"), 1334);  // 4001 / 3, rounded up
  EXPECT_THAT(large, HasSubstr("one in 3 is shown"));
}

TEST(PlotSvgTest, PutsPointsWhereTheyBelong) {
  const std::string svg =
      PlotSvg({.x_label = "x", .y_label = "y", .series = {{"a", "first", {{0, 0}, {10, 5}, {5, INFINITY}}, false}}});
  // 640 x 360 with margins 70, 20, 34, 52: x from 70 to 620; y from 308 up to 34, with 0.2 of 5.4 kept free at each
  // end: 308 - 0.2 / 5.4 * 274 = 297.9 and 44.1. The infinite one is left out.
  EXPECT_THAT(svg, HasSubstr("<polyline points=\"70.0,297.9 620.0,44.1 \""));
}

TEST(PlotSvgTest, OnePointAndNone) {
  EXPECT_THAT(PlotSvg({.x_label = "x", .y_label = "y", .series = {{"a", "first", {{1, 2}}, true}}}),
              HasSubstr("<circle cx=\"345.0\" cy=\"171.0\""));
  EXPECT_THAT(PlotSvg({.x_label = "x", .y_label = "y"}), Not(HasSubstr("nan")));
}

TEST(RoundTicksTest, AreRoundAndFew) {
  EXPECT_THAT(RoundTicks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(RoundTicks(-0.7, 1.3, 4), ElementsAre(-0.5, 0, 0.5, 1));
  EXPECT_THAT(RoundTicks(1, 101, 8), ElementsAre(20, 40, 60, 80, 100));
}

TEST(EscapeHtmlTest, MakesAnyBytesSafe) {
  EXPECT_EQ(EscapeHtml("a<b>&\"'\n\xff"), "a&lt;b&gt;&amp;&quot;&#39; \xef\xbf\xbd");
}

}  // namespace
}  // namespace baton
