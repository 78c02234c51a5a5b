#include "pipeline/train/trained_model.h"

#include <functional>
#include <memory>

#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "data/dataset.pb.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Dataset TwoFeaturesTwoClasses() {
  Dataset dataset;
  TensorSpec& features = *dataset.add_tensors();
  features.set_name("features");
  features.set_dtype("F32");
  features.add_shape(2);
  dataset.set_class_count(2);
  return dataset;
}

// A logistic model whose scores of (x, y) are x + 1 and y.
State Trained(Dataset dataset = TwoFeaturesTwoClasses()) {
  const std::vector<ParameterSpec> parameters = {{.name = "layers.0.weight", .shape = {2, 2}, .weight_decay = true},
                                                 {.name = "layers.0.bias", .shape = {2}}};
  State state;
  state.groups = {{kModelGroup, FlatTensors(FlatLayout::Create(parameters).value(), at::kCPU)}};
  state.model().views()[0].copy_(at::tensor({1.0F, 0.0F, 0.0F, 1.0F}).view({2, 2}));
  state.model().views()[1].copy_(at::tensor({1.0F, 0.0F}));
  state.vocabulary = "[\"no\", \"yes\"]";
  state.attachments["dataset.binpb"] = Seal(dataset);
  state.attachments["pipeline.textproto"] = "train { model { logistic {} } }";
  return state;
}

TEST(RestoreModelTest, TheStateIsAllThatInferenceNeeds) {
  ASSERT_OK_AND_ASSIGN(const TrainedModel trained, RestoreModel(Trained()));
  EXPECT_THAT(trained.class_labels, ElementsAre("no", "yes"));
  EXPECT_EQ(trained.dataset.class_count(), 2);
  const Batch batch{.rows = 1, .tensors = {{"features", at::tensor({3.0F, 5.0F}).view({1, 2})}}};
  const at::Tensor scores = trained.model->Forward(trained.parameters.views(), batch, std::nullopt);
  EXPECT_EQ(scores[0][0].item<float>(), 4);
  EXPECT_EQ(scores[0][1].item<float>(), 5);
}

TEST(RestoreModelTest, TheAverageOfTheWeightsIsTheModelWhereThereIsOne) {
  State state = Trained();
  state.groups.push_back({kAverageGroup, state.model().CopyTo(at::kCPU)});
  state.weights().views()[1].fill_(100);
  ASSERT_OK_AND_ASSIGN(const TrainedModel trained, RestoreModel(state));
  EXPECT_EQ(trained.parameters.views()[1][0].item<float>(), 100);
}

struct Change {
  std::string name;
  std::function<void(State&)> make;
  std::string reported;
};
class UnfitStateTest : public testing::TestWithParam<Change> {};

TEST_P(UnfitStateTest, IsDataLoss) {
  State state = Trained();
  GetParam().make(state);
  EXPECT_THAT(RestoreModel(state), StatusIs(StatusCode::kDataLoss, HasSubstr(GetParam().reported)));
}

INSTANTIATE_TEST_SUITE_P(
    EveryPart, UnfitStateTest,
    testing::Values(
        Change{"NoDataset", [](State& s) { s.attachments.erase("dataset.binpb"); }, "has no dataset.binpb"},
        Change{"DamagedDataset", [](State& s) { s.attachments["dataset.binpb"][1] ^= 1; }, "dataset.binpb"},
        Change{"NoFeatures",
               [](State& s) {
                 Dataset dataset;
                 dataset.set_class_count(2);
                 s.attachments["dataset.binpb"] = Seal(dataset);
               },
               "no tensor 'features'"},
        Change{"NoConfiguration", [](State& s) { s.attachments.erase("pipeline.textproto"); },
               "has no pipeline.textproto"},
        Change{"UnknownField", [](State& s) { s.attachments["pipeline.textproto"] = "train { modle {} }"; }, "modle"},
        Change{"NoModel", [](State& s) { s.attachments["pipeline.textproto"] = ""; }, "train.model is not set"},
        Change{"AnotherModel",
               [](State& s) { s.attachments["pipeline.textproto"] = "train { model { mlp { hidden_sizes: 3 } } }"; },
               "has parameter layers.0.weight [2, 2] where its model takes layers.0.weight [3, 2]"},
        Change{"NoVocabulary", [](State& s) { s.vocabulary = ""; }, "vocabulary"},
        Change{"AnotherVocabulary", [](State& s) { s.vocabulary = "[\"a\", \"b\", \"c\"]"; },
               "3 class labels for 2 classes"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace baton
