#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/message_difference.h"
#include "state/state.h"
#include "state/tensor_statistics.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/equal.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using NamedTensors = std::map<std::string, at::Tensor>;

NamedTensors ByName(const FlatTensors& tensors, absl::string_view prefix) {
  NamedTensors by_name;
  if (!tensors.flat().defined()) return by_name;
  for (size_t i = 0; i < tensors.views().size(); ++i) {
    by_name[absl::StrCat(prefix, tensors.layout().entries[i].name)] = tensors.views()[i];
  }
  return by_name;
}

bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor left = a.cpu().contiguous();
  const at::Tensor right = b.cpu().contiguous();
  return left.nbytes() == right.nbytes() &&
         std::memcmp(left.const_data_ptr(), right.const_data_ptr(), left.nbytes()) == 0;
}

bool SameValues(const at::Tensor& a, const at::Tensor& b) { return at::equal(a.cpu(), b.cpu()); }

std::string DescribeValues(const at::Tensor& a, const at::Tensor& b) {
  const ElementDifferences differences = CompareElements(a, b);
  return absl::StrCat(differences.differing, " of ", a.numel(), " values differ, by at most ", differences.largest);
}

// Appends a line for each tensor that differs under `same`.
void Compare(absl::string_view what, const NamedTensors& a, const NamedTensors& b,
             bool (*same)(const at::Tensor&, const at::Tensor&), std::vector<std::string>& lines) {
  for (const auto& [name, left] : a) {
    const auto found = b.find(name);
    if (found == b.end()) {
      lines.push_back(absl::StrCat(what, " ", name, ": only in the first"));
      continue;
    }
    const at::Tensor& right = found->second;
    if (left.sizes() != right.sizes() || left.scalar_type() != right.scalar_type()) {
      lines.push_back(
          absl::StrCat(what, " ", name, ": ", TensorTypeAndShape(left), " against ", TensorTypeAndShape(right)));
    } else if (!same(left, right)) {
      lines.push_back(absl::StrCat(what, " ", name, ": ", DescribeValues(left, right)));
    }
  }
  for (const auto& [name, right] : b) {
    if (!a.contains(name)) lines.push_back(absl::StrCat(what, " ", name, ": only in the second"));
  }
}

NamedTensors EmaByName(const State& state) { return state.ema.has_value() ? ByName(*state.ema, "") : NamedTensors(); }

NamedTensors OptimizerByName(const State& state) {
  NamedTensors by_name;
  for (const auto& [slot, tensors] : state.optimizer) by_name.merge(ByName(tensors, absl::StrCat(slot, "/")));
  return by_name;
}

void CompareBytes(absl::string_view name, const std::string& a, const std::string& b, std::vector<std::string>& lines) {
  if (a != b) lines.push_back(absl::StrCat(name, ": the bytes differ (", a.size(), " against ", b.size(), ")"));
}

}  // namespace

std::vector<std::string> CompareModels(const State& a, const State& b) {
  std::vector<std::string> lines;
  Compare("model", ByName(a.model, ""), ByName(b.model, ""), SameValues, lines);
  return lines;
}

bool operator==(const State& a, const State& b) { return CompareModels(a, b).empty(); }

std::vector<std::string> Differences(const State& a, const State& b) {
  std::vector<std::string> lines;
  Compare("model", ByName(a.model, ""), ByName(b.model, ""), SameBits, lines);
  Compare("ema", EmaByName(a), EmaByName(b), SameBits, lines);
  Compare("criterion", NamedTensors(a.criterion.begin(), a.criterion.end()),
          NamedTensors(b.criterion.begin(), b.criterion.end()), SameBits, lines);
  Compare("optimizer", OptimizerByName(a), OptimizerByName(b), SameBits, lines);
  const std::vector<MessageFieldDifference> fields = DifferentFields(a.progress, b.progress);
  if (!fields.empty()) {
    // The first stands for all: a whole history may differ.
    lines.push_back(absl::StrCat("progress: ", fields[0].field, ": ", fields[0].a.value_or("absent"), " -> ",
                                 fields[0].b.value_or("absent")));
  }
  CompareBytes("vocabulary", a.vocabulary, b.vocabulary, lines);
  CompareBytes("tokenizer", a.tokenizer, b.tokenizer, lines);
  std::map<std::string, std::string> names = a.attachments;
  names.insert(b.attachments.begin(), b.attachments.end());
  for (const auto& [name, unused] : names) {
    const auto left = a.attachments.find(name);
    const auto right = b.attachments.find(name);
    if (left == a.attachments.end() || right == b.attachments.end()) {
      lines.push_back(absl::StrCat(name, ": only in the ", right == b.attachments.end() ? "first" : "second"));
    } else {
      CompareBytes(name, left->second, right->second, lines);
    }
  }
  return lines;
}

bool Identical(const State& a, const State& b) { return Differences(a, b).empty(); }

}  // namespace baton
