// What reads a dataset: an index of any bytes behind a right seal, and folders of an index and files (DatasetCase).

#include <set>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "data/dataset.h"
#include "tests/fuzz/fuzz_case.pb.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file_system.h"

namespace baton {
namespace {

constexpr char kFolder[] = "/run/load/key";

std::string PathOf(absl::string_view name) { return JoinPath(kFolder, name); }

void TestSplit(FileSystem& fs, const Dataset& index, const Split& split) {
  const absl::StatusOr<std::vector<HostTensor>> tensors = ReadSplit(fs, kFolder, index, split.name());
  if (!tensors.ok()) return RequireGoodError(tensors.status(), kFolder);
  const uint64_t rows = FindSplit(index, split.name())->rows();
  Require(tensors->size() == index.tensors_size(), "a split has the index's tensors");
  for (size_t i = 0; i < tensors->size(); ++i) {
    const HostTensor& tensor = (*tensors)[i];
    Require(tensor.name == index.tensors(i).name(), "tensors are in the index's order");
    Require(!tensor.shape.empty() && tensor.shape[0] == rows, "a tensor has the split's rows");
    const absl::StatusOr<uint64_t> size = TensorByteSize(tensor.dtype, tensor.shape);
    Require(size.ok() && *size == tensor.bytes.size(), "a tensor's bytes fit its shape");
  }
}

void TestFolder(FileSystem& fs) {
  const absl::StatusOr<Dataset> index = ReadDatasetIndex(fs, kFolder);
  if (!index.ok()) return RequireGoodError(index.status(), PathOf(kDatasetIndexFile));
  Dataset copy = *index, again;
  const std::string sealed = Seal(copy);
  Require(Unseal(sealed, "again", again).ok() && Seal(again) == sealed, "the same index gives the same bytes");
  for (const Split& split : index->splits()) TestSplit(fs, *index, split);
  for (const NamedFile& file : index->files()) {
    const absl::StatusOr<std::string> contents = ReadNamedFile(fs, kFolder, *index, file.path());
    if (!contents.ok()) RequireGoodError(contents.status(), kFolder);
  }
  const absl::Status verified = VerifyDataset(fs, kFolder).status();
  if (!verified.ok()) return RequireGoodError(verified, kFolder);
  NoteAccepted();
}

void TestCase(DatasetCase& input) {
  MemoryFileSystem fs;
  // A path that is no normal one, such as "a/../b", is not in this file system; nor is one in a folder that is a file.
  std::set<std::string> taken;
  for (const DatasetCase::File& file : input.files()) {
    if (file.path().empty() || file.path().find('/') != std::string::npos) continue;
    fs.Add(PathOf(file.path()), file.contents());
    taken.insert(file.path());
  }
  if (input.consistent()) {
    const auto correct = [&](auto& file) {
      if (!taken.contains(file.path())) return;
      const std::string contents = *ReadFile(fs, PathOf(file.path()));
      file.set_size_bytes(contents.size());
      file.set_xxh3(Xxh3Hex(contents));
    };
    for (Split& split : *input.mutable_index()->mutable_splits()) {
      for (DataFile& file : *split.mutable_files()) correct(file);
    }
    for (NamedFile& file : *input.mutable_index()->mutable_files()) correct(file);
  }
  fs.Add(PathOf(kDatasetIndexFile), Seal(*input.mutable_index()));
  TestFolder(fs);
}

void TestBytes(absl::string_view bytes) {
  MemoryFileSystem fs;
  fs.Add(PathOf(kDatasetIndexFile), bytes);
  TestFolder(fs);
}

HostTensor Filled(const std::string& name, DType dtype, std::vector<int64_t> shape) {
  HostTensor tensor = {name, dtype, std::move(shape), ""};
  tensor.bytes.assign(*TensorByteSize(dtype, tensor.shape), 'a');
  return tensor;
}

}  // namespace

std::vector<std::string> Seeds() {
  MemoryFileSystem fs;
  fs.Add(PathOf("elsewhere"), "");
  Dataset index;
  index.set_task(TableConfig::CLASSIFICATION);
  index.set_class_count(2);
  index.add_features()->set_name("x");
  index.mutable_target()->set_name("y");
  for (const auto& [name, dtype] : {std::pair{"features", "F32"}, std::pair{"target", "I64"}}) {
    index.add_tensors()->set_name(name);
    index.mutable_tensors(index.tensors_size() - 1)->set_dtype(dtype);
  }
  index.mutable_tensors(0)->add_shape(1);
  const std::vector<SplitTensors> splits = {
      {"train", 3, {2, 1}, {Filled("features", DType::kF32, {3, 1}), Filled("target", DType::kI64, {3})}},
      {"validation", 0, {}, {}},
      {"holdout", 1, {0, 1}, {Filled("features", DType::kF32, {1, 1}), Filled("target", DType::kI64, {1})}}};
  const auto written = WriteDataset(fs, kFolder, splits, {{"vocabulary.json", "[\"no\",\"yes\"]\n"}}, index);
  Require(written.ok(), absl::StrCat("a dataset is written: ", written.status().ToString()));
  DatasetCase whole;
  *whole.mutable_index() = index;
  for (const WrittenFile& file : *written) {
    if (file.name == kDatasetIndexFile) continue;
    DatasetCase::File& added = *whole.add_files();
    added.set_path(file.name);
    added.set_contents(*ReadFile(fs, PathOf(file.name)));
  }
  DatasetCase consistent = whole;
  consistent.set_consistent(true);
  // A split of two files.
  Split& train = *consistent.mutable_index()->mutable_splits(0);
  *train.add_files() = train.files(0);
  train.set_rows(6);
  return {SerializeMessage(whole), SerializeMessage(consistent)};
}

void TestInput(absl::string_view input) {
  TestBytes(input);
  TestBytes(SealBytes(input));
  if (DatasetCase made; made.ParseFromArray(input.data(), static_cast<int>(input.size()))) TestCase(made);
}

}  // namespace baton

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  baton::DatasetCase input;
  return baton::MutateMessage(input, data, size, max_size, seed);
}
