#include "state/state_difference.h"

#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/message_difference.h"
#include "state/snapshot_index.h"
#include "state/tensor_statistics.h"

namespace baton {
namespace {

// Appends what there is to say of a tensor that may be in both.
void AppendTensor(const NamedTensor* a, const NamedTensor* b, SnapshotDifference& difference) {
  TensorDifference tensor;
  tensor.set_group(std::string((a != nullptr ? a : b)->group));
  tensor.set_name(std::string((a != nullptr ? a : b)->name));
  if (a != nullptr) tensor.set_a(TensorTypeAndShape(a->tensor));
  if (b != nullptr) tensor.set_b(TensorTypeAndShape(b->tensor));
  if (a != nullptr && b != nullptr && tensor.a() == tensor.b()) {
    const ElementDifferences elements = CompareElements(a->tensor, b->tensor);
    if (elements.differing == 0) return;
    tensor.set_elements(a->tensor.numel());
    tensor.set_differing_elements(elements.differing);
    tensor.set_differing_not_finite(elements.not_finite);
    tensor.set_largest_difference(elements.largest);
    tensor.set_mean_difference(elements.mean);
  }
  *difference.add_tensors() = std::move(tensor);
}

// Those of `a` in its order, then those that only `b` has.
void CompareTensors(const State& a, const State& b, const std::function<void(uint64_t)>& on_bytes,
                    SnapshotDifference& difference) {
  const std::vector<NamedTensor> left = AllTensors(a);
  const std::vector<NamedTensor> right = AllTensors(b);
  std::map<std::pair<absl::string_view, absl::string_view>, const NamedTensor*> rest;
  for (const NamedTensor& tensor : right) rest[{tensor.group, tensor.name}] = &tensor;
  for (const NamedTensor& tensor : left) {
    const auto found = rest.find({tensor.group, tensor.name});
    AppendTensor(&tensor, found == rest.end() ? nullptr : found->second, difference);
    if (found != rest.end()) rest.erase(found);
    if (on_bytes) on_bytes(tensor.tensor.nbytes());
  }
  for (const NamedTensor& tensor : right) {
    if (rest.contains({tensor.group, tensor.name})) AppendTensor(nullptr, &tensor, difference);
  }
}

// Vocabulary and tokenizer are files where they are not empty.
std::map<std::string, std::string> NamedFiles(const State& state) {
  std::map<std::string, std::string> files = state.attachments;
  if (!state.vocabulary.empty()) files[kSnapshotVocabularyFile] = state.vocabulary;
  if (!state.tokenizer.empty()) files[kSnapshotTokenizerFile] = state.tokenizer;
  return files;
}

void CompareFiles(const State& a, const State& b, SnapshotDifference& difference) {
  const std::map<std::string, std::string> left = NamedFiles(a);
  const std::map<std::string, std::string> right = NamedFiles(b);
  std::map<std::string, std::string> all = left;
  all.insert(right.begin(), right.end());
  for (const auto& [name, unused] : all) {
    const auto in_a = left.find(name);
    const auto in_b = right.find(name);
    if (in_a != left.end() && in_b != right.end() && in_a->second == in_b->second) continue;
    FileDifference& file = *difference.add_files();
    file.set_name(name);
    if (in_a != left.end()) file.set_a_size_bytes(in_a->second.size());
    if (in_b != right.end()) file.set_b_size_bytes(in_b->second.size());
  }
}

void AddFields(const std::vector<MessageFieldDifference>& differences,
               google::protobuf::RepeatedPtrField<FieldDifference>& fields) {
  for (const MessageFieldDifference& field : differences) {
    FieldDifference& added = *fields.Add();
    added.set_field(field.field);
    if (field.a.has_value()) added.set_a(*field.a);
    if (field.b.has_value()) added.set_b(*field.b);
  }
}

}  // namespace

SnapshotDifference CompareStates(const State& a, const State& b, const std::function<void(uint64_t)>& on_bytes) {
  SnapshotDifference difference;
  CompareTensors(a, b, on_bytes, difference);
  AddFields(DifferentFields(a.progress, b.progress), *difference.mutable_progress());
  AddFields(DifferentMeasurements(a.history, b.history, std::numeric_limits<size_t>::max()),
            *difference.mutable_progress());
  CompareFiles(a, b, difference);
  difference.set_identical(difference.tensors().empty() && difference.progress().empty() && difference.files().empty());
  AddFields(DifferentFields(a.environment, b.environment), *difference.mutable_environment());
  return difference;
}

}  // namespace baton
