#include "pipeline/evaluate/evaluate_stage.h"

#include <stdlib.h>

#include <cstring>

#include "base/digest.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/testing/status_matchers.h"
#include "pipeline/evaluate/evaluate_fixture.h"

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class EvaluateStageTest : public EvaluateTest {
 protected:
  template <typename Number>
  std::vector<Number> Predictions(const std::string& name, DType dtype) {
    const auto reader = SafetensorsReader::Open(fs_, Path(Record().evaluate().outputs(0).path())).value();
    const TensorEntry* const entry = reader->Find(name);
    EXPECT_EQ(entry->dtype, dtype);
    std::vector<Number> values((entry->end - entry->begin) / sizeof(Number));
    EXPECT_THAT(reader->Read(*entry, values.data()), IsOk());
    return values;
  }
};

// The expected values are scikit-learn's, of the scores that trained_run.h gives, as in metrics_test.cc; the baseline's
// DummyClassifier(strategy="prior").fit(np.zeros((20, 1)), np.repeat([0, 1, 2], [10, 6, 4])).
TEST_F(EvaluateStageTest, Classification) {
  Classification().Write(options_.run_dir);
  ASSERT_THAT(Run(), IsOk());
  const EvaluateSection section = Record().evaluate();
  EXPECT_EQ(section.stage().status(), StageRun::COMPLETE);
  EXPECT_THAT(section.holdout_performance(), UnorderedElementsAre(Pair("accuracy", DoubleEq(0.5714285714285714)),
                                                                  Pair("zero_one_loss", DoubleEq(3.0 / 7)),
                                                                  Pair("log_loss", DoubleEq(0.91331958418549775)),
                                                                  Pair("macro_f1", DoubleEq(0.56666666666666676))));
  EXPECT_THAT(section.baseline_performance(), UnorderedElementsAre(Pair("accuracy", DoubleEq(0.42857142857142855)),
                                                                   Pair("zero_one_loss", DoubleEq(4.0 / 7)),
                                                                   Pair("log_loss", DoubleEq(1.1008947107428442)),
                                                                   Pair("macro_f1", DoubleEq(0.19999999999999998))));
  EXPECT_FALSE(section.has_avg_expected_loss() || section.has_avg_bias() || section.has_avg_variance());
  EXPECT_EQ(section.rows(), 7);
  EXPECT_EQ(section.snapshot().step_index(), 8) << "the best one";
  EXPECT_EQ(EvaluationResult(options_).value(),
            "metric          holdout  baseline\n"
            "accuracy       0.571429  0.428571\n"
            "log_loss        0.91332   1.10089\n"
            "macro_f1       0.566667       0.2\n"
            "zero_one_loss  0.428571  0.571429\n");
}

TEST_F(EvaluateStageTest, WritesPredictionsAndReportThatTheRecordNames) {
  Classification().Write(options_.run_dir);
  ASSERT_THAT(Run(), IsOk());
  const EvaluateSection section = Record().evaluate();
  const std::string folder = "evaluate/" + section.stage().key() + "/";
  ASSERT_EQ(section.outputs_size(), 2);
  EXPECT_EQ(section.outputs(0).path(), folder + "predictions.safetensors");
  EXPECT_EQ(section.outputs(1).path(), folder + "report.html");
  EXPECT_EQ(section.report(), folder + "report.html");
  for (const Artifact& output : section.outputs()) {
    ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadFile(fs_, Path(output.path())));
    EXPECT_EQ(output.size_bytes(), bytes.size());
    EXPECT_EQ(output.sha256(), Sha256Hex(bytes));
  }
  EXPECT_THAT(Predictions<int64_t>("row", DType::kI64), ElementsAre(100, 101, 102, 103, 104, 105, 106));
  EXPECT_THAT(Predictions<int64_t>("target", DType::kI64), ElementsAre(0, 1, 2, 0, 0, 2, 1));
  EXPECT_THAT(Predictions<int64_t>("prediction", DType::kI64), ElementsAre(0, 1, 2, 1, 0, 1, 2));
  EXPECT_EQ(
      Predictions<float>("outputs", DType::kF32),
      std::vector<float>({2, 0.5, -2.5, 0, 1, -1, -1, -2, 3, 1, 1.5, -2.5, 3, -1, -2, -0.5, 0.25, 0.25, 0.5, -2, 1.5}));
  ASSERT_OK_AND_ASSIGN(const std::string report, ReadFile(fs_, Path(section.report())));
  EXPECT_THAT(report, AllOf(HasSubstr("made by hand"), HasSubstr("blue as green: 1 of 3"), HasSubstr("evaluated<")));
}

// By hand: errors 0, 5 and -5 of targets with the mean 320 / 3; the baseline predicts the training split's mean, which
// is 100 where it was standardised away, and (90 + 120 + 120) / 3 where it was not.
TEST_F(EvaluateStageTest, RegressionIsMeasuredInTheTargetsOwnUnits) {
  Regression(/*standardized=*/true).Write(options_.run_dir);
  ASSERT_THAT(Run(), IsOk());
  const EvaluateSection section = Record().evaluate();
  EXPECT_THAT(section.holdout_performance(),
              UnorderedElementsAre(Pair("mse", DoubleEq(50.0 / 3)), Pair("rmse", DoubleEq(4.0824829046386304)),
                                   Pair("mae", DoubleEq(10.0 / 3)), Pair("r2", DoubleEq(0.76923076923076927))));
  EXPECT_THAT(section.baseline_performance(),
              UnorderedElementsAre(Pair("mse", DoubleEq(350.0 / 3)), Pair("rmse", DoubleEq(10.801234497346433)),
                                   Pair("mae", DoubleEq(10)), Pair("r2", DoubleEq(-0.6153846153846152))));
  EXPECT_THAT(Predictions<float>("outputs", DType::kF32), ElementsAre(1, 2, -1));
  EXPECT_THAT(Predictions<float>("prediction", DType::kF32), ElementsAre(110, 120, 90));
  EXPECT_THAT(Predictions<float>("target", DType::kF32), ElementsAre(110, 115, 95));
}

TEST_F(EvaluateStageTest, RegressionThatWasNotStandardised) {
  Regression(/*standardized=*/false).Write(options_.run_dir);
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Record().evaluate().holdout_performance(), testing::Contains(Pair("rmse", DoubleEq(4.0824829046386304))));
  EXPECT_THAT(Record().evaluate().baseline_performance(),
              UnorderedElementsAre(Pair("mse", DoubleEq(250.0 / 3)), Pair("rmse", DoubleEq(9.1287092917527684)),
                                   Pair("mae", DoubleEq(20.0 / 3)), Pair("r2", DoubleEq(-0.15384615384615374))));
}

TEST_F(EvaluateStageTest, SkipsWhatIsComplete) {
  Classification().Write(options_.run_dir);
  ASSERT_THAT(Run(), IsOk());
  const uint64_t generation = Record().generation();
  ASSERT_THAT(Run(), IsOk());
  ASSERT_THAT(Run({"train.workers=2", "name=\"another name\""}), IsOk()) << "free fields";
  EXPECT_EQ(Record().generation(), generation);
  EXPECT_EQ(Record().evaluate().stage().attempts_size(), 1);
}

TEST_F(EvaluateStageTest, AnotherSnapshotIsAnotherKey) {
  Classification().Write(options_.run_dir);
  ASSERT_THAT(Run(), IsOk());
  const std::string best = Record().evaluate().stage().key();
  ASSERT_THAT(Run({"evaluate.snapshot=LAST"}), IsOk());
  const EvaluateSection section = Record().evaluate();
  EXPECT_EQ(section.snapshot().step_index(), 16);
  EXPECT_THAT(section.holdout_performance(), testing::Contains(Pair("accuracy", DoubleEq(1.0 / 7))));
  EXPECT_NE(section.stage().key(), best);
  EXPECT_THAT(ListFolder(fs_, Path("evaluate")).value(), UnorderedElementsAre(best, section.stage().key()));
}

TEST_F(EvaluateStageTest, WorkersDoNotChangeTheBytes) {
  std::vector<std::string> digests;
  for (const char* workers : {"1", "2", "3"}) {
    ASSERT_THAT(RemoveTree(fs_, options_.run_dir), IsOk());
    Classification().Write(options_.run_dir);
    ASSERT_THAT(Run({std::string("train.workers=") + workers}), IsOk());
    EXPECT_EQ(Record().evaluate().stage().attempts(0).workers(), atoi(workers)) << "there are four batches";
    digests.push_back(Record().evaluate().outputs(0).sha256() + Record().evaluate().outputs(1).sha256());
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_EQ(digests[0], digests[2]);
}

}  // namespace
}  // namespace baton
