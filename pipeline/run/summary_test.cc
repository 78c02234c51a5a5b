#include "pipeline/run/summary.h"

#include "gtest/gtest.h"

namespace baton {
namespace {

TEST(Summary, IsAligned) {
  Metadata record;
  record.mutable_run()->set_name("breast_cancer");
  record.mutable_load()->mutable_stage()->add_attempts()->set_wall_seconds(0.12);
  // The time is that of all attempts.
  record.mutable_train()->mutable_stage()->add_attempts()->set_wall_seconds(100);
  record.mutable_train()->mutable_stage()->add_attempts()->set_wall_seconds(85);
  EvaluateSection& evaluate = *record.mutable_evaluate();
  evaluate.mutable_stage()->add_attempts()->set_wall_seconds(0.5);
  evaluate.set_rows(1171);
  (*evaluate.mutable_holdout_performance())["accuracy"] = 0.97661;
  (*evaluate.mutable_holdout_performance())["log_loss"] = 0.125;
  (*evaluate.mutable_holdout_performance())["unheard_of"] = 2;
  (*evaluate.mutable_baseline_performance())["accuracy"] = 0.5;
  (*evaluate.mutable_baseline_performance())["log_loss"] = 17.25;
  evaluate.mutable_snapshot()->set_path("train/0123456789abcdef/step-000000000240");
  evaluate.set_report("evaluate/fedcba9876543210/report.html");
  record.set_sha256("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Summary(record, "/runs/b", {{"load", "skipped"}, {"train", "resumed from step 120"}, {"evaluate", "ran"}}),
            R"(breast_cancer

  stage     result                       time
  load      skipped                    0.12 s
  train     resumed from step 120  3 min 05 s
  evaluate  ran                        0.50 s

  holdout, 1,171 rows    model  baseline
  accuracy             0.97661       0.5
  log_loss               0.125     17.25
  unheard_of                 2

  model: /runs/b/train/0123456789abcdef/step-000000000240
  report: /runs/b/evaluate/fedcba9876543210/report.html
  head: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
)");
}

TEST(Summary, LeavesOutWhatIsNotThere) {
  Metadata record;
  record.mutable_run()->set_name("a\nb");
  record.set_sha256("00ff");
  EXPECT_EQ(Summary(record, "/runs/b", {{"load", "ran"}}),
            R"(a\x0ab

  stage  result    time
  load   ran     0.00 s

  holdout, 0 rows  model  baseline

  head: 00ff
)");
}

}  // namespace
}  // namespace baton
