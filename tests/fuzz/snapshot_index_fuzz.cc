// ReadSnapshotIndex, on a state.binpb of any bytes, and of any behind a right seal.

#include "base/files.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "state/snapshot_index.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file_system.h"

namespace baton {
namespace {

constexpr char kFolder[] = "/run/train/key/step-000000000008";

void TestBytes(absl::string_view bytes) {
  MemoryFileSystem fs;
  const std::string file = JoinPath(kFolder, kSnapshotIndexFile);
  fs.Add(file, bytes);
  const absl::StatusOr<SnapshotIndex> index = ReadSnapshotIndex(fs, kFolder);
  if (!index.ok()) return RequireGoodError(index.status(), file);
  NoteAccepted();
  // What is opened lies in the folder, and what is reserved for the parameters is not more than the file has.
  for (const FileRecord& record : index->files()) {
    Require(BaseName(record.name()) == record.name() && record.name() != "..", "a file is in the folder");
    Require(FindFile(*index, record.name()) == &record, "a file is found by its name");
  }
  uint64_t parameter_bytes = 0;
  for (const ParameterRecord& parameter : index->parameters()) {
    const auto size = TensorByteSize(DType::kF32, {parameter.shape().begin(), parameter.shape().end()});
    Require(size.ok(), "a shape has a size");
    parameter_bytes += *size;
  }
  Require(parameter_bytes <= FindFile(*index, kSnapshotModelFile)->size_bytes(), "the parameters fit into their file");
  SnapshotIndex copy = *index;
  const std::string sealed = Seal(copy);
  fs.Add(file, sealed);
  absl::StatusOr<SnapshotIndex> again = ReadSnapshotIndex(fs, kFolder);
  Require(again.ok() && Seal(*again) == sealed, "the same index is read again, and gives the same bytes");
}

void AddTensor(const char* file, const std::string& name, SnapshotIndex& index) {
  TensorRecord& tensor = *index.add_tensors();
  tensor.set_file(file);
  tensor.set_name(name);
  tensor.set_xxh3(std::string(32, '0'));
}

}  // namespace

std::vector<std::string> Seeds() {
  SnapshotIndex index;
  index.set_format_version(kSnapshotFormatVersion);
  TrainingProgress& progress = *index.mutable_progress();
  progress.set_step_index(8);
  (*progress.add_history()->mutable_validation_metrics())["accuracy"] = 0.5;
  progress.mutable_best()->set_validation_loss(0.25);
  progress.set_train_key("0123456789abcdef");
  progress.mutable_plateau();
  index.mutable_environment()->set_device("cpu");
  for (const char* const name : {kSnapshotModelFile, kSnapshotEmaFile, kSnapshotCriterionFile, kSnapshotOptimizerFile,
                                 kSnapshotVocabularyFile}) {
    FileRecord& file = *index.add_files();
    file.set_name(name);
    file.set_size_bytes(1000);
    file.set_xxh3(std::string(32, 'f'));
  }
  index.add_optimizer_slots("exp_avg");
  for (const char* const name : {"layers.0.weight", "layers.0.bias"}) {
    ParameterRecord& parameter = *index.add_parameters();
    parameter.set_name(name);
    parameter.add_shape(3);
    AddTensor(kSnapshotModelFile, name, index);
    AddTensor(kSnapshotEmaFile, name, index);
    AddTensor(kSnapshotOptimizerFile, std::string("exp_avg/") + name, index);
  }
  AddTensor(kSnapshotCriterionFile, "class_weights", index);
  return {SerializeMessage(index)};
}

void TestInput(absl::string_view input) {
  TestBytes(input);
  TestBytes(SealBytes(input));
}

}  // namespace baton

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  baton::SnapshotIndex index;
  return baton::MutateMessage(index, data, size, max_size, seed);
}
