#include "data/dataset.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

template <typename T>
std::string Bytes(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// Rows first .. first + rows - 1: features (i, i / 2), target i % 2.
SplitTensors MakeSplit(const std::string& name, int64_t first, int64_t rows) {
  std::vector<float> features;
  std::vector<int64_t> targets;
  for (int64_t i = first; i < first + rows; ++i) {
    features.push_back(static_cast<float>(i));
    features.push_back(static_cast<float>(i) / 2);
    targets.push_back(i % 2);
  }
  return {name,
          static_cast<uint64_t>(rows),
          {static_cast<uint64_t>((rows + 1) / 2), static_cast<uint64_t>(rows / 2)},
          {{"features", DType::kF32, {rows, 2}, Bytes(features)}, {"target", DType::kI64, {rows}, Bytes(targets)}}};
}

class DatasetTest : public testing::Test {
 protected:
  DatasetTest() : folder_(JoinPath(testing::TempDir(), testing::UnitTest::GetInstance()->current_test_info()->name())) {
    EXPECT_THAT(MakeFolders(fs_, folder_), IsOk());
  }

  Dataset Write() {
    Dataset index;
    index.set_task(TableConfig::CLASSIFICATION);
    index.set_class_count(2);
    const auto written = WriteDataset(
        fs_, folder_, {MakeSplit("train", 0, 3), MakeSplit("validation", 3, 0), MakeSplit("holdout", 3, 2)},
        {{"vocabulary.json", "[\"a\",\"b\"]\n"}}, index);
    EXPECT_THAT(written, IsOk());
    if (written.ok()) written_ = *written;
    return index;
  }

  std::string Read(const std::string& name) { return *ReadFile(fs_, JoinPath(folder_, name)); }
  void Put(const std::string& name, absl::string_view contents) {
    ASSERT_THAT(ReplaceFile(fs_, JoinPath(folder_, name), contents), IsOk());
  }
  // Puts `index` into the folder, sealed.
  void PutIndex(Dataset index) { Put("dataset.binpb", Seal(index)); }

  FileSystem& fs_ = FileSystem::Posix();
  const std::string folder_;
  std::vector<WrittenFile> written_;
};

TEST_F(DatasetTest, ReadsBackWhatWasWritten) {
  const Dataset written = Write();
  ASSERT_OK_AND_ASSIGN(const Dataset index, ReadDatasetIndex(fs_, folder_));
  EXPECT_EQ(index.SerializeAsString(), written.SerializeAsString());
  EXPECT_EQ(index.format_version(), 1);
  ASSERT_EQ(index.tensors_size(), 2);
  EXPECT_EQ(index.tensors(0).name(), "features");
  EXPECT_EQ(index.tensors(0).dtype(), "F32");
  EXPECT_THAT(index.tensors(0).shape(), ElementsAre(2));
  EXPECT_THAT(index.tensors(1).shape(), IsEmpty());

  ASSERT_OK_AND_ASSIGN(const std::vector<HostTensor> train, ReadSplit(fs_, folder_, index, "train"));
  ASSERT_THAT(train, SizeIs(2));
  EXPECT_EQ(train[0].name, "features");
  EXPECT_EQ(train[0].dtype, DType::kF32);
  EXPECT_THAT(train[0].shape, ElementsAre(3, 2));
  EXPECT_EQ(train[0].bytes, Bytes<float>({0, 0, 1, 0.5, 2, 1}));
  EXPECT_EQ(train[1].bytes, Bytes<int64_t>({0, 1, 0}));
  ASSERT_OK_AND_ASSIGN(const std::vector<HostTensor> holdout, ReadSplit(fs_, folder_, index, "holdout"));
  EXPECT_EQ(holdout[0].bytes, Bytes<float>({3, 1.5, 4, 2}));

  ASSERT_OK_AND_ASSIGN(const std::string vocabulary, ReadNamedFile(fs_, folder_, index, "vocabulary.json"));
  EXPECT_EQ(vocabulary, "[\"a\",\"b\"]\n");
  EXPECT_THAT(VerifyDataset(fs_, folder_), IsOk());
}

TEST_F(DatasetTest, ASplitWithoutRowsIsLeftOut) {
  const Dataset index = Write();
  EXPECT_EQ(FindSplit(index, "validation"), nullptr);
  ASSERT_NE(FindSplit(index, "holdout"), nullptr);
  EXPECT_EQ(FindSplit(index, "holdout")->rows(), 2);
  EXPECT_THAT(FindSplit(index, "train")->class_counts(), ElementsAre(2, 1));
  EXPECT_THAT(ReadSplit(fs_, folder_, index, "validation"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no split 'validation'")));
  EXPECT_THAT(ReadNamedFile(fs_, folder_, index, "tokenizer.json"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("tokenizer.json")));
  ASSERT_OK_AND_ASSIGN(const auto names, ListFolder(fs_, folder_));
  EXPECT_THAT(names, ElementsAre("dataset.binpb", "holdout.safetensors", "train.safetensors", "vocabulary.json"));
}

TEST_F(DatasetTest, SaysWhatItWroteForTheRecord) {
  const Dataset index = Write();
  ASSERT_THAT(written_, SizeIs(4));
  for (const WrittenFile& file : written_) {
    EXPECT_EQ(file.size_bytes, Read(file.name).size()) << file.name;
    EXPECT_EQ(file.sha256, Sha256Hex(Read(file.name))) << file.name;
  }
  EXPECT_EQ(written_.back().name, "dataset.binpb");
  EXPECT_EQ(DatasetVersion(index), absl::StrCat("sha256:", index.sha256()));
}

TEST_F(DatasetTest, TheSameInputGivesTheSameBytes) {
  Write();
  const std::string first = Read("dataset.binpb");
  ASSERT_THAT(RemoveTree(fs_, folder_), IsOk());
  ASSERT_THAT(MakeFolders(fs_, folder_), IsOk());
  Write();
  EXPECT_EQ(Read("dataset.binpb"), first);
}

TEST_F(DatasetTest, NeverOverwrites) {
  Dataset index = Write();
  EXPECT_THAT(WriteDataset(fs_, folder_, {MakeSplit("train", 0, 3)}, {}, index),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("train.safetensors")));
}

// Every byte of every file, each flipped in one bit: all found, by whoever reads the file.
TEST_F(DatasetTest, EveryFlippedByteIsFound) {
  const Dataset index = Write();
  for (const WrittenFile& file : written_) {
    const std::string contents = Read(file.name);
    const std::string path = JoinPath(folder_, file.name);
    for (size_t i = 0; i < contents.size(); ++i) {
      std::string flipped = contents;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
      ASSERT_THAT(RemoveTree(fs_, path), IsOk());
      ASSERT_OK_AND_ASSIGN(const auto writer, FileWriter::Create(fs_, path));
      ASSERT_THAT(writer->Append(flipped), IsOk());
      ASSERT_THAT(VerifyDataset(fs_, folder_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(file.name))) << i;
      absl::Status read;
      if (file.name == "train.safetensors") read = ReadSplit(fs_, folder_, index, "train").status();
      if (file.name == "holdout.safetensors") read = ReadSplit(fs_, folder_, index, "holdout").status();
      if (file.name == "vocabulary.json") read = ReadNamedFile(fs_, folder_, index, file.name).status();
      if (file.name == "dataset.binpb") read = ReadDatasetIndex(fs_, folder_).status();
      ASSERT_THAT(read, StatusIs(absl::StatusCode::kDataLoss, HasSubstr(file.name))) << i;
    }
    Put(file.name, contents);
    ASSERT_THAT(VerifyDataset(fs_, folder_), IsOk());
  }
}

TEST_F(DatasetTest, CutLongerAndMissingFilesAreFound) {
  const Dataset index = Write();
  const std::string contents = Read("train.safetensors");
  for (const std::string& damaged : {contents.substr(0, contents.size() - 1), contents + "x", std::string()}) {
    Put("train.safetensors", damaged);
    EXPECT_THAT(VerifyDataset(fs_, folder_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("train.safetensors")));
    EXPECT_THAT(ReadSplit(fs_, folder_, index, "train"),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("train.safetensors")));
  }
  ASSERT_THAT(RemoveTree(fs_, JoinPath(folder_, "train.safetensors")), IsOk());
  EXPECT_THAT(VerifyDataset(fs_, folder_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("train.safetensors")));
  EXPECT_THAT(ReadSplit(fs_, folder_, index, "train"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("train.safetensors")));
  ASSERT_THAT(RemoveTree(fs_, JoinPath(folder_, "dataset.binpb")), IsOk());
  EXPECT_THAT(VerifyDataset(fs_, folder_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("dataset.binpb")));
}

// Another file that is intact by itself: the holdout's in the place of train's.
TEST_F(DatasetTest, SwappedFilesAreFound) {
  const Dataset index = Write();
  Put("train.safetensors", Read("holdout.safetensors"));
  EXPECT_THAT(ReadSplit(fs_, folder_, index, "train"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("train.safetensors: is not as it was written")));
}

TEST_F(DatasetTest, ReadsASplitOfSeveralFiles) {
  Write();
  Dataset index = *ReadDatasetIndex(fs_, folder_);
  const std::string other = JoinPath(testing::TempDir(), "other_part");
  ASSERT_THAT(MakeFolders(fs_, other), IsOk());
  Dataset part;
  ASSERT_THAT(WriteDataset(fs_, other, {MakeSplit("train", 10, 2)}, {}, part), IsOk());
  Put("train-2.safetensors", *ReadFile(fs_, JoinPath(other, "train.safetensors")));
  Split& train = *index.mutable_splits(0);
  *train.add_files() = part.splits(0).files(0);
  train.mutable_files(1)->set_path("train-2.safetensors");
  train.set_rows(5);
  PutIndex(index);

  ASSERT_OK_AND_ASSIGN(const std::vector<HostTensor> tensors, ReadSplit(fs_, folder_, index, "train"));
  EXPECT_THAT(tensors[0].shape, ElementsAre(5, 2));
  EXPECT_EQ(tensors[0].bytes, Bytes<float>({0, 0, 1, 0.5, 2, 1, 10, 5, 11, 5.5}));
  EXPECT_EQ(tensors[1].bytes, Bytes<int64_t>({0, 1, 0, 0, 1}));
  EXPECT_THAT(VerifyDataset(fs_, folder_), IsOk());

  train.set_rows(6);
  EXPECT_THAT(ReadSplit(fs_, folder_, index, "train"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("split 'train' has 6 rows, its files 5")));
}

TEST_F(DatasetTest, TensorsMustBeThoseOfTheIndex) {
  Dataset index = Write();
  const auto refused = [&](const std::string& message) {
    EXPECT_THAT(ReadSplit(fs_, folder_, index, "train"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(message)));
    index = *ReadDatasetIndex(fs_, folder_);
  };
  index.mutable_tensors(0)->set_dtype("F16");
  refused("tensor 'features' is F32 [3, 2], the index says F16 [3, 2]");
  index.mutable_tensors(0)->set_shape(0, 3);
  refused("tensor 'features' is F32 [3, 2], the index says F32 [3, 3]");
  index.mutable_tensors(0)->set_name("pixels");
  refused("has no tensor 'pixels'");
  index.mutable_tensors()->RemoveLast();
  refused("has 2 tensors, the index says 1");
  index.mutable_tensors(0)->set_shape(0, int64_t{1} << 62);
  refused("more than its files hold");
}

TEST_F(DatasetTest, AnIndexOfANewerFormatIsRefused) {
  Dataset index = Write();
  index.set_format_version(2);
  PutIndex(index);
  EXPECT_THAT(ReadDatasetIndex(fs_, folder_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("format version 2, this program reads 1")));
}

TEST_F(DatasetTest, AnIndexThatLeadsOutOfItsFolderIsRefused) {
  for (const absl::string_view path : {"../x", "/etc/passwd", "a/../../x", "", "a//b"}) {
    Dataset index = Write();
    index.mutable_splits(0)->mutable_files(0)->set_path(path.data(), path.size());
    PutIndex(index);
    EXPECT_THAT(ReadDatasetIndex(fs_, folder_),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("outside of its folder")));
    ASSERT_THAT(RemoveTree(fs_, folder_), IsOk());
    ASSERT_THAT(MakeFolders(fs_, folder_), IsOk());
  }
}

}  // namespace
}  // namespace baton
