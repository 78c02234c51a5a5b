#include "state/snapshot_index.h"

#include <fstream>
#include <functional>
#include <limits>
#include <vector>

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

void AddTensor(SnapshotIndex& index, int group, const std::string& name, const std::vector<int64_t>& shape) {
  TensorRecord& tensor = *index.mutable_groups(group)->add_tensors();
  tensor.set_name(name);
  tensor.mutable_shape()->Add(shape.begin(), shape.end());
  tensor.set_xxh3(kDigest);
}

void AddFile(SnapshotIndex& index, const std::string& name, uint64_t size_bytes) {
  FileRecord& file = *index.add_files();
  file.set_name(name);
  file.set_size_bytes(size_bytes);
  file.set_xxh3(kDigest);
}

// Two parameters, of 24 and 8 bytes, with an average, a slot, buffers of 4 bytes and their average, and a history of
// more than two segments.
SnapshotIndex ValidIndex() {
  SnapshotIndex index;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "format_version: 1 progress { step_index: 3 } environment {} history { step_index: 2 } history { step_index: 3 }",
      &index));
  for (const char* const name :
       {"model", "average", "optimizer/m", "optimizer/v", "criterion", "buffers", "average_buffers"}) {
    index.add_groups()->set_name(name);
  }
  for (int group = 0; group < 4; ++group) {
    AddTensor(index, group, "w", {2, 3});
    AddTensor(index, group, "b", {2});
  }
  AddTensor(index, 4, "class_weights", {2});
  AddTensor(index, 5, "mean", {1});
  AddTensor(index, 6, "mean", {1});
  AddFile(index, "model.safetensors", 32 + 64);
  AddFile(index, "average.safetensors", 32 + 64);
  AddFile(index, "optimizer.safetensors", 64 + 64);
  for (const char* const file : {"criterion", "buffers", "average_buffers"}) {
    AddFile(index, std::string(file) + ".safetensors", 8 + 64);
  }
  AddFile(index, "pipeline.textproto", 7);
  AddFile(index, "history-000000000000.binpb", 100);
  AddFile(index, "history-000000000256.binpb", 100);
  return index;
}

TensorRecord& Tensor(SnapshotIndex& index, int group, int tensor) {
  return *index.mutable_groups(group)->mutable_tensors(tensor);
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
      {"NegativeShape", [](SnapshotIndex& i) { Tensor(i, 0, 0).set_shape(0, -2); }, "tensor 'w' of model"},
      {"HugeShape", [](SnapshotIndex& i) { Tensor(i, 0, 0).set_shape(0, int64_t{1} << 50); },
       "tensor 'w' of model with shape [1125899906842624, 3] does not fit in model.safetensors, which has 96 bytes"},
      {"HugeShapeInAnotherGroup", [](SnapshotIndex& i) { Tensor(i, 4, 0).set_shape(0, 1000); },
       "tensor 'class_weights' of criterion with shape [1000] does not fit in criterion.safetensors"},
      {"OverflowingShape", [](SnapshotIndex& i) { Tensor(i, 0, 1).add_shape(kHuge); }, "tensor 'b' of model"},
      {"TogetherTooLarge", [](SnapshotIndex& i) { Model(i).set_size_bytes(31); }, "'b' of model with shape [2]"},
      {"GroupsOfOneFileTogetherTooLarge", [](SnapshotIndex& i) { i.mutable_files(2)->set_size_bytes(63); },
       "'b' of optimizer/v with shape [2] does not fit in optimizer.safetensors"},
      {"TensorTwice", [](SnapshotIndex& i) { Tensor(i, 0, 1).set_name("w"); }, "'w' of model is listed twice"},
      {"TensorUnnamed", [](SnapshotIndex& i) { Tensor(i, 4, 0).clear_name(); }, "'' of criterion has no name"},
      {"TensorDigest", [](SnapshotIndex& i) { Tensor(i, 0, 0).set_xxh3("0123"); }, "has xxh3 '0123'"},
      {"TensorOfTwoGroups",
       [](SnapshotIndex& i) {
         i.add_groups()->set_name("optimizer");
         AddTensor(i, 7, "m/w", {0});
       },
       "two tensors have one name in one file"},
      {"NoModel", [](SnapshotIndex& i) { i.mutable_groups(0)->set_name("other"); }, "groups: model is missing"},
      {"GroupTwice", [](SnapshotIndex& i) { i.mutable_groups(3)->set_name("optimizer/m"); }, "is listed twice"},
      {"GroupInNoFile", [](SnapshotIndex& i) { i.mutable_groups(4)->set_name("elsewhere"); },
       "elsewhere.safetensors is missing"},
      {"AverageLacksOne", [](SnapshotIndex& i) { i.mutable_groups(1)->mutable_tensors()->RemoveLast(); },
       "average has 1 tensors, expected 2 as model has"},
      {"AverageOfAnotherShape", [](SnapshotIndex& i) { Tensor(i, 1, 1).set_shape(0, 1); },
       "average has the tensor 'b' [1], expected 'b' [2] as model has"},
      {"SlotRenamed", [](SnapshotIndex& i) { Tensor(i, 3, 0).set_name("v"); },
       "optimizer/v has the tensor 'v' [2, 3], expected 'w' [2, 3] as model has"},
      {"SlotDecay", [](SnapshotIndex& i) { Tensor(i, 3, 0).set_weight_decay(true); }, "optimizer/v has the tensor 'w'"},
      {"AverageWithoutBuffers", [](SnapshotIndex& i) { i.mutable_groups(5)->set_name("buffer"); },
       "buffer.safetensors is missing"},
      {"AverageOfNoBuffers",
       [](SnapshotIndex& i) {
         i.mutable_groups()->DeleteSubrange(5, 1);
         i.mutable_files()->DeleteSubrange(4, 1);
       },
       "average_buffers is there without buffers"},
      {"AverageOfOtherBuffers", [](SnapshotIndex& i) { Tensor(i, 6, 0).set_name("variance"); },
       "average_buffers has the tensor 'variance'"},
      {"HistoryWithAGap", [](SnapshotIndex& i) { i.mutable_files(7)->set_name("history-000000000512.binpb"); },
       "history-000000000000.binpb is missing"},
      {"HistoryOfAnotherName", [](SnapshotIndex& i) { i.mutable_files(8)->set_name("history-256.binpb"); },
       "history-000000000256.binpb is missing"},
      {"HistoryWithoutItsEnd", [](SnapshotIndex& i) { i.clear_history(); },
       "has 0 measurements behind 2 full segments, expected 1 to 256"},
      {"HistoryTooLong",
       [](SnapshotIndex& i) {
         while (i.history_size() <= 256) i.add_history();
       },
       "has 257 measurements"},
      {"FileTwice", [](SnapshotIndex& i) { AddFile(i, "model.safetensors", 96); }, "is listed twice"},
      {"FileMissing", [](SnapshotIndex& i) { Model(i).set_name("model"); }, "model.safetensors is missing"},
      {"FileOfNoGroup", [](SnapshotIndex& i) { AddFile(i, "more.safetensors", 8); },
       "more.safetensors is listed, but no group has tensors in it"},
      {"FileThatNoGroupCanHave", [](SnapshotIndex& i) { AddFile(i, "a-b.safetensors", 8); }, "'a-b.safetensors'"},
      {"FileDigest", [](SnapshotIndex& i) { Model(i).set_xxh3("0123456789ABCDEF0123456789ABCDEF"); }, "has xxh3"},
      {"FileSize", [](SnapshotIndex& i) { Model(i).set_size_bytes(uint64_t{1} << 63); }, "no size_bytes"},
      {"FileWithoutSize", [](SnapshotIndex& i) { Model(i).clear_size_bytes(); }, "no size_bytes"},
  };
  for (const char* const name : {"", "Model", "a/b/c", "../model", "optimizer/"}) {
    all.push_back({absl::StrCat("GroupName", all.size()), [name](SnapshotIndex& i) { i.add_groups()->set_name(name); },
                   absl::StrCat("no group can be named '", name, "'")});
  }
  int number = 0;
  for (const char* const name : {"", ".", "..", "a/b", "/etc/passwd", "../model.safetensors", "state.binpb"}) {
    all.push_back({absl::StrCat("FileName", number++), [name](SnapshotIndex& i) { AddFile(i, name, 1); },
                   absl::StrCat("no file of a snapshot can be named '", name, "'")});
  }
  all.push_back({"FileNameWithNul", [](SnapshotIndex& i) { AddFile(i, std::string("a\0b", 3), 1); }, "can be named"});
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
  EXPECT_EQ(FindGroup(index, "optimizer/v")->tensors(1).name(), "b");
  EXPECT_EQ(FindGroup(index, "optimizer"), nullptr);
  EXPECT_STREQ(WeightsGroup(index, WeightsOf::kModelInUse), "average");
  EXPECT_STREQ(WeightsGroup(index, WeightsOf::kTrainedModel), "model");
  EXPECT_EQ(TensorsInFiles(index).at({"optimizer.safetensors", "v/b"}), &index.groups(3).tensors(1));
  for (int group = 0; group < 4; ++group) Tensor(index, group, 0).set_shape(1, 0);
  EXPECT_THAT(CheckSnapshotIndex(index), IsOk()) << "a parameter without elements";
  index.add_groups()->set_name("more");
  EXPECT_THAT(CheckSnapshotIndex(index), IsOk()) << "a group without tensors has no file";
}

}  // namespace
}  // namespace baton
