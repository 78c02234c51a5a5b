#include <string>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "metadata/provenance.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

using Json = nlohmann::ordered_json;

Json DependenciesOf(const std::string& initial_weights) {
  Metadata record;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    load {
      stage { key: "l1" status: COMPLETE }
      raw_filepath: "/x.csv"
      raw_file_sha256: "aa"
      dataset_version: "sha256:d1"
    }
    train { stage { key: "t1" status: COMPLETE key_inputs { name: "load.dataset" value: "sha256:d1" } } }
  )",
                                                            &record));
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(initial_weights, &record));
  const absl::StatusOr<std::string> text = ProvenanceStatement(record, {"metadata/0000000009.binpb", "ff"});
  EXPECT_THAT(text, IsOk());
  return text.ok() ? Json::parse(*text)["predicate"]["buildDefinition"]["resolvedDependencies"] : Json();
}

TEST(ProvenanceTest, InitialWeightsAreADependency) {
  EXPECT_EQ(DependenciesOf(R"(train { initial_weights {
                                path: "/runs/a b" file: "/runs/a b/train/k/step-7/average.safetensors" sha256: "77"
                                step_index: 7 run_id: "0a" tensors_loaded: 3 tensors_drawn: 1 } })")[1],
            Json::parse(R"({
              "name": "initial_weights",
              "uri": "file:///runs/a%20b/train/k/step-7/average.safetensors",
              "digest": {"sha256": "77"},
              "annotations": {"baton_step": 7, "baton_run_id": "0a"}})"));
  EXPECT_EQ(DependenciesOf("").size(), 1);
}

TEST(ProvenanceTest, OfASnapshotInNoRunNoRunIsNamed) {
  EXPECT_EQ(DependenciesOf(R"(train { initial_weights { file: "/f" sha256: "77" step_index: 7 } })")[1]["annotations"],
            Json::parse(R"({"baton_step": 7})"));
}

}  // namespace
}  // namespace baton
