#include "pipeline/evaluate/metrics.h"

#include <cmath>
#include <limits>

#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The expected values were computed by scikit-learn 1.7.2 and SciPy, e.g. of the first test:
//   scores = np.array([[2, 1, 0, -1], ...], dtype=np.float32); target = np.array([0, 1, 1, 2, 0, 0, 2])
//   prediction = scores.argmax(1)
//   metrics.accuracy_score(target, prediction)
//   -log_softmax(scores.astype(np.float64), axis=1)[np.arange(7), target].mean()
//   metrics.f1_score(target, prediction, average="macro", zero_division=0)
const std::vector<float> kScores = {2, 1, 0, -1, 0.5, 0.5, 0.25, 0,   -1, 3, 1,    0,    0,     0,
                                    4, 1, 1, -2, 3,   0,   80,   -80, 0,  0, 0.1f, 0.2f, -0.3f, 0};
const std::vector<int64_t> kTargets = {0, 1, 1, 2, 0, 0, 2};

TEST(MeasureClassificationTest, EqualsScikitLearn) {
  ASSERT_OK_AND_ASSIGN(const Performance performance, MeasureClassification(kScores, 4, kTargets));
  // Class 3 occurs neither as a target nor as a prediction, and plays no part in macro_f1.
  EXPECT_THAT(performance.metrics, UnorderedElementsAre(Pair("accuracy", DoubleEq(0.5714285714285714)),
                                                        Pair("zero_one_loss", DoubleEq(3.0 / 7)),
                                                        Pair("log_loss", DoubleEq(0.8294610984015629)),
                                                        Pair("macro_f1", DoubleEq(0.55555555555555547))));
}

TEST(MeasureClassificationTest, LogLossIsExactFarFromTheTarget) {
  std::vector<float> scores = kScores;
  std::vector<int64_t> targets = kTargets;
  scores.insert(scores.end(), {-80, 80, 0, 0});
  targets.push_back(0);
  ASSERT_OK_AND_ASSIGN(const Performance performance, MeasureClassification(scores, 4, targets));
  EXPECT_DOUBLE_EQ(performance.metrics.at("log_loss"), 20.72577846110137);
  // By itself: log(exp(-160) + 1 + 2 exp(-80)) + 160, which is 160 in double.
  ASSERT_OK_AND_ASSIGN(const Performance last, MeasureClassification({-80, 80, 0, 0}, 4, {0}));
  EXPECT_EQ(last.metrics.at("log_loss"), 160);
  // exp(3e38) would overflow.
  ASSERT_OK_AND_ASSIGN(const Performance extreme, MeasureClassification({3e38f, -3e38f}, 2, {0}));
  EXPECT_EQ(extreme.metrics.at("log_loss"), 0);
}

TEST(MeasureClassificationTest, RefusesWhatDoesNotFit) {
  using absl::StatusCode;
  EXPECT_THAT(MeasureClassification({}, 2, {}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("no rows")));
  EXPECT_THAT(MeasureClassification({1, 2, 3}, 2, {0}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("3 scores for 1 rows of 2 classes")));
  EXPECT_THAT(MeasureClassification({1, 2, 1, kNan}, 2, {0, 1}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("score of row 1 is nan")));
  EXPECT_THAT(MeasureClassification({1, 2, 1, 2}, 2, {0, 2}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("row 1 has target 2")));
  EXPECT_THAT(MeasureClassification({1, 2}, 2, {-1}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("row 0 has target -1")));
}

// train = np.repeat([0, 1, 2], [3, 5, 2]); d = DummyClassifier(strategy="prior").fit(np.zeros((10, 1)), train)
// metrics.log_loss(target, d.predict_proba(np.zeros((6, 1)))), and the other two likewise of d.predict(...)
TEST(MeasurePriorTest, EqualsScikitLearn) {
  ASSERT_OK_AND_ASSIGN(const Performance performance, MeasurePrior({3, 5, 2}, {1, 0, 2, 1, 1, 0}));
  EXPECT_THAT(performance.metrics,
              UnorderedElementsAre(Pair("accuracy", DoubleEq(0.5)), Pair("zero_one_loss", DoubleEq(0.5)),
                                   Pair("log_loss", DoubleEq(1.016137510460968)),
                                   Pair("macro_f1", DoubleEq(0.22222222222222221))));
}

// metrics.log_loss([0, 2], np.tile([0.5, 0.5, 0.0], (2, 1)), labels=[0, 1, 2])
TEST(MeasurePriorTest, ClassThatTrainingNeverSaw) {
  ASSERT_OK_AND_ASSIGN(const Performance performance, MeasurePrior({4, 4, 0}, {0, 2}));
  EXPECT_DOUBLE_EQ(performance.metrics.at("log_loss"), 18.36840028483855);
  EXPECT_EQ(performance.metrics.at("accuracy"), 0.5) << "of equal counts the first class is predicted";
}

TEST(MeasurePriorTest, RefusesWhatDoesNotFit) {
  using absl::StatusCode;
  EXPECT_THAT(MeasurePrior({0, 0}, {1}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("training split")));
  EXPECT_THAT(MeasurePrior({1, 1}, {2}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("row 0 has target 2")));
  EXPECT_THAT(MeasurePrior({1, 1}, {}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("no rows")));
}

// y = np.array([3, -0.5, 2, 7, 4.2]); z = np.array([2.5, 0, 2, 8, 3.9])
// metrics.root_mean_squared_error(y, z), metrics.mean_absolute_error(y, z), metrics.r2_score(y, z)
TEST(MeasureRegressionTest, EqualsScikitLearn) {
  ASSERT_OK_AND_ASSIGN(const Performance performance, MeasureRegression({2.5, 0, 2, 8, 3.9}, {3, -0.5, 2, 7, 4.2}));
  EXPECT_THAT(performance.metrics,
              UnorderedElementsAre(Pair("mse", DoubleEq(0.318)), Pair("rmse", DoubleEq(0.56391488719486738)),
                                   Pair("mae", DoubleEq(0.46)), Pair("r2", DoubleEq(0.9480256276150627))));
}

// metrics.r2_score([2, 2, 2], [2, 2, 2]) and metrics.r2_score([2, 2, 2], [2, 2, 3]); of [0.1] * 3, whose mean in double
// is not 0.1, r2_score divides by the square of a rounding error and gives -1.7e31.
TEST(MeasureRegressionTest, ConstantTarget) {
  const auto r2 = [](const std::vector<double>& predictions, double target) {
    return MeasureRegression(predictions, {target, target, target})->metrics.at("r2");
  };
  EXPECT_EQ(r2({2, 2, 2}, 2), 1);
  EXPECT_EQ(r2({2, 2, 3}, 2), 0);
  EXPECT_EQ(r2({0.1, 0.1, 0.1}, 0.1), 1);
  EXPECT_EQ(r2({0.1, 0.1, 0.2}, 0.1), 0);
}

TEST(MeasureRegressionTest, OneRowHasNoR2) {
  ASSERT_OK_AND_ASSIGN(const Performance performance, MeasureRegression({2.5}, {3}));
  EXPECT_THAT(performance.metrics, UnorderedElementsAre(Pair("mse", 0.25), Pair("rmse", 0.5), Pair("mae", 0.5)));
}

TEST(MeasureRegressionTest, RefusesWhatDoesNotFit) {
  using absl::StatusCode;
  EXPECT_THAT(MeasureRegression({}, {}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("no rows")));
  EXPECT_THAT(MeasureRegression({1}, {1, 2}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("1 predictions")));
  EXPECT_THAT(MeasureRegression({1, INFINITY}, {1, 2}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("prediction of row 1 is inf")));
  EXPECT_THAT(MeasureRegression({1, 2}, {kNan, 2}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("target of row 0 is nan")));
}

TEST(PredictClassesTest, FirstOfTheHighest) {
  EXPECT_THAT(PredictClasses({0.5, 0.5, 0.25, -3, -2, -1, kNan, -5, -7}, 3), ElementsAre(0, 2, 1));
}

// metrics.confusion_matrix(kTargets, prediction, labels=[0, 1, 2, 3]), by hand the same.
TEST(ConfusionMatrixTest, CountsByTargetAndPrediction) {
  ASSERT_OK_AND_ASSIGN(const auto matrix, ConfusionMatrix(kTargets, PredictClasses(kScores, 4), 4));
  EXPECT_THAT(matrix, ElementsAre(2, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0));
}

}  // namespace
}  // namespace baton
