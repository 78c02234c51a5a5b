#include "pipeline/reproduce/report.h"

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

Reproduction Example() {
  Reproduction reproduction;
  reproduction.run_id = "r1";
  reproduction.head = "h1";
  reproduction.into = "/replay";
  Product product;
  product.stage = "load";
  product.path = "load/k/x";
  product.recorded_sha256 = product.replayed_sha256 = "aa";
  product.result = Product::Result::kEqual;
  product.original = Product::Original::kIntact;
  reproduction.products.push_back(product);
  product.stage = "train";
  product.path = "train/k/state.binpb";
  product.replayed_sha256 = "bb";
  product.result = Product::Result::kEqualButForEnvironment;
  product.original = Product::Original::kAbsent;
  reproduction.products.push_back(product);
  return reproduction;
}

void AddDifference(Reproduction& reproduction) {
  reproduction.kept = true;
  Product product = reproduction.products[0];
  product.path = "load/k/y";
  product.replayed_sha256 = "cc";
  product.result = Product::Result::kDiffers;
  product.difference = "line 1: \"a\", then \"b\"";
  reproduction.products.push_back(product);
  product.path = "load/k/z";
  product.replayed_sha256 = "";
  product.result = Product::Result::kNotReplayed;
  product.difference = "";
  reproduction.products.push_back(product);
  reproduction.deviations.push_back({"train", "cpu_model", {"A", ""}, "B"});
}

TEST(ReproductionText, OfAnEqualReplay) {
  EXPECT_EQ(ReproductionText(Example()), R"(stage  product              result
load   load/k/x             equal
train  train/k/state.binpb  equal, but for the environment that it names

REPRODUCED: all 2 products
)");
  EXPECT_TRUE(Example().status().ok());
}

TEST(ReproductionText, NamesDifferencesAndDeviations) {
  Reproduction reproduction = Example();
  AddDifference(reproduction);
  reproduction.products[0].original = Product::Original::kAltered;
  reproduction.products[0].difference = "byte 3: 0x00, then 0x01";
  EXPECT_EQ(ReproductionText(reproduction), R"(stage  product              result
load   load/k/x             equal, ALTERED since it was recorded
train  train/k/state.binpb  equal, but for the environment that it names
load   load/k/y             DIFFERS
load   load/k/z             not replayed

load/k/x: byte 3: 0x00, then 0x01
load/k/y: line 1: "a", then "b"

stage  environment  in the run      in the replay
train  cpu_model    A, (not known)  B

NOT REPRODUCED: 3 of 4 products; the replay is in /replay
)");
  EXPECT_EQ(reproduction.status().message(),
            "not reproduced; the first difference is in load/k/x: byte 3: 0x00, then 0x01");
}

TEST(ReproductionJson, HasAllOfIt) {
  Reproduction reproduction = Example();
  EXPECT_EQ(nlohmann::json::parse(ReproductionJson(reproduction))["into"], nullptr);
  AddDifference(reproduction);
  EXPECT_EQ(nlohmann::json::parse(ReproductionJson(reproduction)), nlohmann::json::parse(R"({
    "reproduced": false, "run_id": "r1", "head": "h1", "into": "/replay",
    "products": [
      {"stage": "load", "path": "load/k/x", "result": "equal", "original": "intact", "recorded_sha256": "aa",
       "replayed_sha256": "aa"},
      {"stage": "train", "path": "train/k/state.binpb", "result": "equal_but_for_environment", "original": "absent",
       "recorded_sha256": "aa", "replayed_sha256": "bb"},
      {"stage": "load", "path": "load/k/y", "result": "differs", "original": "intact", "recorded_sha256": "aa",
       "replayed_sha256": "cc", "difference": "line 1: \"a\", then \"b\""},
      {"stage": "load", "path": "load/k/z", "result": "not_replayed", "original": "intact", "recorded_sha256": "aa",
       "replayed_sha256": ""}],
    "deviations": [{"stage": "train", "name": "cpu_model", "recorded": ["A", ""], "now": "B"}]})"));
}

}  // namespace
}  // namespace baton
