#include "state/snapshot_index.h"

#include <fstream>
#include <functional>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace baton {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kDigest[] = "0123456789abcdef0123456789abcdef";

void AddTensor(SnapshotIndex& index, const std::string& file, const std::string& name) {
  TensorRecord& tensor = *index.add_tensors();
  tensor.set_file(file);
  tensor.set_name(name);
  tensor.set_xxh3(kDigest);
}

void AddFile(SnapshotIndex& index, const std::string& name, uint64_t size_bytes) {
  FileRecord& file = *index.add_files();
  file.set_name(name);
  file.set_size_bytes(size_bytes);
  file.set_xxh3(kDigest);
}

// Two parameters, of 24 and 8 bytes, with an average and one optimizer slot.
SnapshotIndex ValidIndex() {
  SnapshotIndex index;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "format_version: 1 progress { step_index: 3 } environment {} "
      "parameters { name: 'w' shape: 2 shape: 3 } parameters { name: 'b' shape: 2 } optimizer_slots: 'm'",
      &index));
  for (const char* const name : {"w", "b"}) {
    AddTensor(index, "model.safetensors", name);
    AddTensor(index, "ema.safetensors", name);
    AddTensor(index, "optimizer.safetensors", std::string("m/") + name);
  }
  AddTensor(index, "criterion.safetensors", "class_weights");
  for (const char* const file : {"model", "ema", "optimizer", "criterion"}) {
    AddFile(index, std::string(file) + ".safetensors", 32 + 64);
  }
  AddFile(index, "pipeline.textproto", 7);
  return index;
}

FileRecord& Model(SnapshotIndex& index) { return *index.mutable_files(0); }

struct Nonsense {
  std::string name;
  std::function<void(SnapshotIndex&)> make;
  std::string reported;
};

std::vector<Nonsense> AllNonsense() {
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  std::vector<Nonsense> all = {
      {"NoProgress", [](SnapshotIndex& i) { i.clear_progress(); }, "progress or environment is missing"},
      {"NoEnvironment", [](SnapshotIndex& i) { i.clear_environment(); }, "progress or environment is missing"},
      {"NegativeShape", [](SnapshotIndex& i) { i.mutable_parameters(0)->set_shape(0, -2); }, "parameters: 'w'"},
      {"HugeShape", [](SnapshotIndex& i) { i.mutable_parameters(0)->set_shape(0, int64_t{1} << 50); },
       "parameters: 'w' with shape [1125899906842624, 3] does not fit in model.safetensors, which has 96 bytes"},
      {"OverflowingShape", [](SnapshotIndex& i) { i.mutable_parameters(1)->add_shape(kHuge); }, "parameters: 'b'"},
      {"TogetherTooLarge", [](SnapshotIndex& i) { Model(i).set_size_bytes(31); }, "parameters: 'b' with shape [2]"},
      {"ParameterTwice", [](SnapshotIndex& i) { i.mutable_parameters(1)->set_name("w"); }, "'w' stands there twice"},
      {"ParameterUnnamed", [](SnapshotIndex& i) { i.mutable_parameters(1)->clear_name(); }, "has no name"},
      {"ParameterAdded", [](SnapshotIndex& i) { i.add_parameters()->set_name("more"); },
       "optimizer.safetensors holds 2, expected 3 (1 slots of 3 parameters)"},
      {"ParameterRenamed", [](SnapshotIndex& i) { i.mutable_parameters(1)->set_name("c"); },
       "'c' of model.safetensors is missing"},
      {"SlotTwice", [](SnapshotIndex& i) { i.add_optimizer_slots("m"); }, "optimizer.safetensors holds 2, expected 4"},
      {"SlotRemoved", [](SnapshotIndex& i) { i.clear_optimizer_slots(); }, "optimizer.safetensors holds 2, expected 0"},
      {"SlotWithSlash", [](SnapshotIndex& i) { i.set_optimizer_slots(0, "m/w"); }, "'m/w' is no slot's name"},
      {"TensorTwice", [](SnapshotIndex& i) { AddTensor(i, "model.safetensors", "w"); }, "'w' stands there twice"},
      {"TensorUnknown", [](SnapshotIndex& i) { AddTensor(i, "ema.safetensors", "v"); },
       "ema.safetensors holds an unknown tensor 'v'"},
      {"TensorMissing", [](SnapshotIndex& i) { i.mutable_tensors(3)->set_file("criterion.safetensors"); },
       "'b' of model.safetensors is missing"},
      {"TensorOfNoFile", [](SnapshotIndex& i) { AddTensor(i, "pipeline.textproto", "w"); }, "no file of tensors"},
      {"TensorDigest", [](SnapshotIndex& i) { i.mutable_tensors(0)->set_xxh3("0123"); }, "has xxh3 '0123'"},
      {"FileTwice", [](SnapshotIndex& i) { AddFile(i, "model.safetensors", 96); }, "stands there twice"},
      {"FileMissing", [](SnapshotIndex& i) { Model(i).set_name("model"); }, "model.safetensors is missing"},
      {"FileOfTensorsUnknown", [](SnapshotIndex& i) { AddFile(i, "more.safetensors", 8); }, "'more.safetensors'"},
      {"AverageUnlisted", [](SnapshotIndex& i) { i.mutable_files()->DeleteSubrange(1, 1); }, "in 'ema.safetensors'"},
      {"FileDigest", [](SnapshotIndex& i) { Model(i).set_xxh3("0123456789ABCDEF0123456789ABCDEF"); }, "has xxh3"},
      {"FileSize", [](SnapshotIndex& i) { Model(i).set_size_bytes(uint64_t{1} << 63); }, "no size_bytes"},
      {"FileWithoutSize", [](SnapshotIndex& i) { Model(i).clear_size_bytes(); }, "no size_bytes"},
  };
  int number = 0;
  for (const char* const name : {"", ".", "..", "a/b", "/etc/passwd", "../model.safetensors", "state.binpb"}) {
    all.push_back({absl::StrCat("FileName", number++), [name](SnapshotIndex& i) { AddFile(i, name, 1); },
                   absl::StrCat("'", name, "' is no name that a file of a snapshot can have")});
  }
  all.push_back({"FileNameWithNul", [](SnapshotIndex& i) { AddFile(i, std::string("a\0b", 3), 1); }, "is no name"});
  return all;
}

class SnapshotIndexTest : public testing::TestWithParam<Nonsense> {};

// The seal is right each time: what is behind it is checked for itself.
TEST_P(SnapshotIndexTest, NonsenseUnderARightSealIsFound) {
  SnapshotIndex index = ValidIndex();
  GetParam().make(index);
  EXPECT_THAT(CheckSnapshotIndex(index), StatusIs(StatusCode::kDataLoss, HasSubstr(GetParam().reported)));
  const std::string folder = absl::StrCat(testing::TempDir(), "/", GetParam().name);
  FileSystem& fs = Unsynced::Get();
  ASSERT_THAT(MakeFolders(fs, folder), IsOk());
  std::ofstream(folder + "/state.binpb", std::ios::binary) << Seal(index);
  EXPECT_THAT(ReadSnapshotIndex(fs, folder),
              StatusIs(StatusCode::kDataLoss, AllOf(HasSubstr("state.binpb"), HasSubstr(GetParam().reported))));
}

INSTANTIATE_TEST_SUITE_P(Every, SnapshotIndexTest, testing::ValuesIn(AllNonsense()),
                         [](const auto& info) { return info.param.name; });

TEST(CheckSnapshotIndexTest, WhatMakesSenseIsTaken) {
  SnapshotIndex index = ValidIndex();
  EXPECT_THAT(CheckSnapshotIndex(index), IsOk());
  ASSERT_NE(FindFile(index, "pipeline.textproto"), nullptr);
  EXPECT_EQ(FindFile(index, "pipeline.textproto")->size_bytes(), 7);
  EXPECT_EQ(FindFile(index, "pipeline"), nullptr);
  index.mutable_parameters(0)->set_shape(1, 0);
  EXPECT_THAT(CheckSnapshotIndex(index), IsOk()) << "a parameter without elements";
}

}  // namespace
}  // namespace baton
