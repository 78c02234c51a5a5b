#include "metadata/provenance.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "metadata/testing.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::IsSubsetOf;

constexpr char kRecord[] = R"pb(
  run {
    run_id: "00112233445566778899aabbccddeeff"
    name: "iris"
    start_time { seconds: 1767323045 }
    end_time { seconds: 1767323050 nanos: 500000000 }
    amendments { stage: "train" field: "seed" old_value: "1" new_value: "2" from_key: "t8" to_key: "t9" }
    amendments {
      stage: "train"
      field: "train.optimizer.learning_rate"
      old_value: "0.1"
      new_value: "0.01"
      step_index: 40
      from_key: "t0"
      to_key: "t1"
    }
    deviations { stage: "train" name: "cpu_model" old_value: "A" new_value: "B" }
  }
  load {
    stage {
      key: "l1"
      key_inputs { name: "raw_file.sha256" value: "aa" }
      key_inputs { name: "load.table.target_column" value: "\"kind\"" }
      status: COMPLETE
      attempts { attempt_id: "a1" program_sha256: "p1" command: "load" command: "--run_dir=x" }
    }
    raw_filepath: "/data/a b#\303\251.csv"
    raw_file_sha256: "aa"
    raw_dvc_metadata { md5: "dd" hash: "md5" }
    dataset_version: "sha256:d1"
    outputs { path: "load/l1/train.safetensors" size_bytes: 8 sha256: "o1" }
  }
  train {
    stage {
      key: "t1"
      key_inputs { name: "load.dataset" value: "sha256:d1" }
      key_inputs { name: "seed" value: "3" }
      status: COMPLETE
      attempts {
        attempt_id: "a2"
        start_time { seconds: 1767323046 }
        host: "node1"
        device: "cpu"
        cpu_model: "B"
        cpu_capability: "AVX2"
        workers: 2
        threads_per_worker: 1
        program_version: "0.1"
        program_sha256: "p2"
        libraries { key: "libtorch" value: "2.13.0+cpu" }
      }
      attempts { attempt_id: "a3" program_version: "0.2" program_sha256: "p2" resumed_from_step: 40 }
    }
    model_artifacts { path: "train/t1/step-1/model.safetensors" sha256: "o2" }
    model_artifacts { path: "train/t1/step-1/model.safetensors" sha256: "o2" }
    epochs_done: 2
    stop_reason: MAX_EPOCHS
    last_snapshot { model_sha256: "o2" }
  }
  evaluate {
    stage {
      key: "e1"
      key_inputs { name: "train.model" value: "o2" }
      status: COMPLETE
    }
    outputs { path: "evaluate/e1/report.html" sha256: "o3" }
  }
  generation: 9
  sha256: "hh")pb";

Metadata Record() {
  Metadata record;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kRecord, &record));
  google::protobuf::TextFormat::MergeFromString(R"(run { deviations { stage: "train" time {} } })", &record);
  return record;
}

Json Statement(const Metadata& record) {
  const absl::StatusOr<std::string> text = ProvenanceStatement(record, {"metadata/0000000009.binpb", "ff"});
  EXPECT_THAT(text, IsOk());
  return text.ok() ? Json::parse(*text) : Json();
}

TEST(Provenance, SaysTheGoalThatEndedTraining) {
  Metadata record = Record();
  record.mutable_train()->set_stop_reason(TrainSection::MAX_STEPS);
  record.mutable_train()->set_steps_done(70);
  Json parameters = Statement(record)["predicate"]["buildDefinition"]["externalParameters"];
  EXPECT_EQ(parameters.value("steps", 0), 70);
  EXPECT_FALSE(parameters.contains("epochs"));
  // That follows from the configuration.
  record.mutable_train()->set_stop_reason(TrainSection::EARLY_STOPPING);
  parameters = Statement(record)["predicate"]["buildDefinition"]["externalParameters"];
  EXPECT_FALSE(parameters.contains("steps") || parameters.contains("epochs"));
}

std::set<std::string> Names(const Json& object) {
  std::set<std::string> names;
  for (const auto& item : object.items()) names.insert(item.key());
  return names;
}

// The fields that the two specifications know, and those that they require.
void CheckFields(const Json& object, const std::set<std::string>& known, const std::set<std::string>& required) {
  EXPECT_THAT(Names(object), IsSubsetOf(known)) << object;
  EXPECT_THAT(required, IsSubsetOf(Names(object))) << object;
}

void CheckDescriptor(const Json& object) {
  CheckFields(object, {"name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations"}, {});
  EXPECT_TRUE(object.contains("uri") || object.contains("digest")) << object;
}

TEST(ProvenanceTest, HasTheFieldsOfTheSpecifications) {
  const Json statement = Statement(Record());
  CheckFields(statement, {"_type", "subject", "predicateType", "predicate"},
              {"_type", "subject", "predicateType", "predicate"});
  EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement["predicateType"], "https://slsa.dev/provenance/v1");
  const Json& predicate = statement["predicate"];
  CheckFields(predicate, {"buildDefinition", "runDetails"}, {"buildDefinition", "runDetails"});
  CheckFields(predicate["buildDefinition"],
              {"buildType", "externalParameters", "internalParameters", "resolvedDependencies"},
              {"buildType", "externalParameters"});
  CheckFields(predicate["runDetails"], {"builder", "metadata", "byproducts"}, {"builder"});
  CheckFields(predicate["runDetails"]["builder"], {"id", "builderDependencies", "version"}, {"id"});
  CheckFields(predicate["runDetails"]["metadata"], {"invocationId", "startedOn", "finishedOn"}, {});
  for (const Json& subject : statement["subject"]) {
    CheckDescriptor(subject);
    EXPECT_TRUE(subject.contains("digest")) << subject;
  }
  for (const Json& dependency : predicate["buildDefinition"]["resolvedDependencies"]) CheckDescriptor(dependency);
  for (const Json& byproduct : predicate["runDetails"]["byproducts"]) CheckDescriptor(byproduct);
}

TEST(ProvenanceTest, NamesEveryProductOnce) {
  EXPECT_EQ(Statement(Record())["subject"], Json::parse(R"([
    {"name": "load/l1/train.safetensors", "digest": {"sha256": "o1"}},
    {"name": "train/t1/step-1/model.safetensors", "digest": {"sha256": "o2"}},
    {"name": "evaluate/e1/report.html", "digest": {"sha256": "o3"}}])"));
}

TEST(ProvenanceTest, SaysWhatWentIn) {
  const Json definition = Statement(Record())["predicate"]["buildDefinition"];
  EXPECT_EQ(definition["buildType"], "urn:baton:pipeline:v1");
  EXPECT_EQ(definition["externalParameters"], Json::parse(R"({
    "load": {"raw_file.sha256": "aa", "load.table.target_column": "\"kind\""},
    "train": {"load.dataset": "sha256:d1", "seed": "3"},
    "evaluate": {"train.model": "o2"},
    "epochs": 2,
    "amendments": [{"field": "train.optimizer.learning_rate", "from": "0.1", "to": "0.01", "step": 40}],
    "commands": [{"attempt": "a1", "arguments": ["load", "--run_dir=x"]},
                 {"attempt": "a2", "arguments": []},
                 {"attempt": "a3", "arguments": []}]})"));
  EXPECT_EQ(definition["resolvedDependencies"], Json::parse(R"([
    {"name": "raw_file", "uri": "file:///data/a%20b%23%C3%A9.csv", "digest": {"sha256": "aa", "md5": "dd"}},
    {"name": "program:load", "digest": {"sha256": "p1"}},
    {"name": "program:train", "digest": {"sha256": "p2"}},
    {"name": "library:libtorch", "uri": "pkg:generic/libtorch@2.13.0%2Bcpu"}])"));
}

TEST(ProvenanceTest, SaysWhereAndWhen) {
  const Json predicate = Statement(Record())["predicate"];
  const Json& internal = predicate["buildDefinition"]["internalParameters"];
  EXPECT_EQ(internal["keys"], Json::parse(R"({"load": "l1", "train": "t1", "evaluate": "e1"})"));
  EXPECT_EQ(internal["environment"][1], Json::parse(R"({
    "stage": "train", "attempt": "a2", "startedOn": "2026-01-02T03:04:06Z", "host": "node1", "device": "cpu",
    "cpuModel": "B", "cpuCapability": "AVX2", "workers": 2, "threadsPerWorker": 1, "programVersion": "0.1",
    "programSha256": "p2", "libraries": {"libtorch": "2.13.0+cpu"}})"));
  EXPECT_EQ(internal["environment"][2]["resumedFromStep"], 40);
  EXPECT_EQ(internal["deviations"],
            Json::parse(R"([{"stage": "train", "name": "cpu_model", "from": "A", "to": "B"}])"));
  EXPECT_EQ(predicate["runDetails"], Json::parse(R"({
    "builder": {"id": "urn:baton:local:v1", "version": {"load": "", "train": "0.2"}},
    "metadata": {"invocationId": "00112233445566778899aabbccddeeff", "startedOn": "2026-01-02T03:04:05Z",
                 "finishedOn": "2026-01-02T03:04:10.500Z"},
    "byproducts": [{"name": "metadata/0000000009.binpb", "digest": {"sha256": "ff"},
                    "annotations": {"baton_head": "hh", "baton_generation": 9}}]})"));
}

TEST(ProvenanceTest, LeavesOutWhatIsNotKnown) {
  Metadata record = Record();
  record.clear_evaluate();
  record.mutable_run()->clear_amendments();
  record.mutable_run()->clear_deviations();
  record.mutable_train()->set_stop_reason(TrainSection::EARLY_STOPPING);
  // DVC before version 3 folds line ends.
  record.mutable_load()->mutable_raw_dvc_metadata()->clear_hash();
  const Json statement = Statement(record);
  EXPECT_EQ(statement["subject"].size(), 2);
  const Json& definition = statement["predicate"]["buildDefinition"];
  EXPECT_EQ(Names(definition["externalParameters"]), (std::set<std::string>{"load", "train", "commands"}));
  EXPECT_EQ(Names(definition["internalParameters"]), (std::set<std::string>{"keys", "environment"}));
  EXPECT_EQ(Names(definition["resolvedDependencies"][0]["digest"]), (std::set<std::string>{"sha256"}));
}

TEST(ProvenanceTest, RefusesWhatIsUnfinishedOrStale) {
  const RecordFile file = {"metadata/0000000009.binpb", "ff"};
  Metadata record = Record();
  record.mutable_train()->mutable_stage()->set_status(StageRun::INTERRUPTED);
  EXPECT_THAT(ProvenanceStatement(record, file),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train is not complete, but INTERRUPTED")));
  record = Record();
  record.mutable_load()->set_dataset_version("sha256:d2");
  EXPECT_THAT(ProvenanceStatement(record, file),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train is stale")));
  record = Record();
  record.mutable_train()->mutable_last_snapshot()->set_model_sha256("o4");
  EXPECT_THAT(ProvenanceStatement(record, file),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("evaluate is stale")));
  EXPECT_THAT(ProvenanceStatement(Metadata(), file),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("load is not complete, but not begun")));
}

TEST(ProvenanceTest, IsOfTheNewestGenerationOfAVerifiedRecord) {
  const std::string run_dir = NewRunDir();
  EXPECT_THAT(Provenance(FileSystem::Posix(), run_dir, ""), StatusIs(absl::StatusCode::kNotFound, HasSubstr(run_dir)));
  MakeRecord(run_dir, 2);
  const auto store = OpenRecord(FileSystem::Posix(), run_dir);
  ASSERT_THAT(store->Commit(SectionOwner::kLoad,
                            [](Metadata& record) {
                              *record.mutable_load() = Record().load();
                              return absl::OkStatus();
                            }),
              IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string text, Provenance(FileSystem::Posix(), run_dir, ""));
  const Json byproduct = Json::parse(text)["predicate"]["runDetails"]["byproducts"][0];
  EXPECT_EQ(byproduct["name"], "metadata/0000000003.binpb");
  EXPECT_EQ(byproduct["digest"]["sha256"], Sha256Hex(ReadAll(GenerationPath(run_dir, 3))));
  const std::string head = byproduct["annotations"]["baton_head"];
  EXPECT_THAT(Provenance(FileSystem::Posix(), run_dir, head), IsOk());
  EXPECT_THAT(Provenance(FileSystem::Posix(), run_dir, std::string(64, '0')),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("cut off, or replaced")));
  FlipByte(GenerationPath(run_dir, 1), 20);
  EXPECT_THAT(Provenance(FileSystem::Posix(), run_dir, ""),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("0000000001.binpb")));
}

}  // namespace
}  // namespace baton
