#include "optim/flat_tensors.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/random.h"
#include "base/status_macros.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/ops/empty.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr int64_t kAlignment = 16;  // elements

int64_t RoundUp(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// On the CPU, asks for huge pages where the system gives them on request: the optimizer's pass is bound by memory, and
// with fewer pages to look up it is about 1.15 times faster. What is touched already gets them bit by bit.
void AskForHugePages(const at::Tensor& flat) {
  if (!flat.is_cpu()) return;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = reinterpret_cast<uintptr_t>(flat.mutable_data_ptr());
  const uintptr_t first = (begin + page - 1) / page * page, end = (begin + flat.nbytes()) / page * page;
  // Only advice: where it is not taken, nothing is lost.
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

// Not yet filled.
at::Tensor Allocate(int64_t size, at::Device device) {
  at::Tensor flat = at::empty({size}, at::TensorOptions().dtype(at::kFloat).device(device));
  AskForHugePages(flat);
  return flat;
}

void Fill(const InitialValues& initial, const at::Generator& generator, at::Tensor& values) {
  if (std::holds_alternative<InitialZeros>(initial)) values.zero_();
  if (std::holds_alternative<InitialOnes>(initial)) values.fill_(1);
  if (const auto* uniform = std::get_if<InitialUniform>(&initial)) {
    values.uniform_(-uniform->bound, uniform->bound, generator);
  }
  if (const auto* normal = std::get_if<InitialNormal>(&initial)) {
    values.normal_(0, normal->standard_deviation, generator);
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const FlatLayout>> FlatLayout::Create(const std::vector<ParameterSpec>& parameters) {
  // 4 TiB: more than a machine has, and few enough that the list of chunks stays small and no sum overflows.
  constexpr int64_t kMaxElements = int64_t{1} << 40;
  auto layout = std::make_shared<FlatLayout>();
  int64_t rounded = 0;
  for (const ParameterSpec& parameter : parameters) {
    Entry entry{.name = parameter.name, .shape = parameter.shape, .weight_decay = parameter.weight_decay};
    entry.size = 1;
    bool fits = true;
    for (const int64_t dimension : parameter.shape) {
      fits = fits && dimension >= 0 && !__builtin_mul_overflow(entry.size, dimension, &entry.size);
    }
    fits = fits && entry.size <= kMaxElements;
    fits = fits && rounded <= kMaxElements - RoundUp(entry.size, kAlignment);
    if (!fits) {
      return absl::InvalidArgumentError(absl::StrCat("parameter '", parameter.name, "' has the shape [",
                                                     absl::StrJoin(parameter.shape, ", "),
                                                     "]: dimensions must not be negative, and all parameters together ",
                                                     "have at most ", kMaxElements, " elements"));
    }
    rounded += RoundUp(entry.size, kAlignment);
    layout->parameter_count += entry.size;
    layout->entries.push_back(std::move(entry));
  }
  for (const bool weight_decay : {true, false}) {
    const int64_t group_begin = layout->size;
    for (Entry& entry : layout->entries) {
      if (entry.weight_decay != weight_decay) continue;
      entry.offset = layout->size;
      layout->size = RoundUp(layout->size + entry.size, kAlignment);
    }
    for (int64_t begin = group_begin; begin < layout->size; begin += kChunkSize) {
      layout->chunks.push_back({begin, std::min(begin + kChunkSize, layout->size), weight_decay});
    }
  }
  return layout;
}

FlatTensors::FlatTensors(std::shared_ptr<const FlatLayout> layout, at::Device device)
    : FlatTensors(layout, Allocate(layout->size, device).zero_()) {}

FlatTensors::FlatTensors(std::shared_ptr<const FlatLayout> layout, at::Tensor flat)
    : layout_(std::move(layout)), flat_(std::move(flat)) {
  for (const FlatLayout::Entry& entry : layout_->entries) {
    views_.push_back(flat_.narrow(0, entry.offset, entry.size).view(entry.shape));
  }
}

FlatTensors FlatTensors::Unfilled(std::shared_ptr<const FlatLayout> layout) {
  // Not yet in huge pages. On a virtual machine whose host gives memory when it is touched, the first touch of a huge
  // page takes several times as long as to read the bytes that go into it (docs/performance.md).
  const at::Tensor flat = at::empty({layout->size}, at::TensorOptions().dtype(at::kFloat));
  for (const FlatLayout::Entry& entry : layout->entries) {
    flat.narrow(0, entry.offset + entry.size, RoundUp(entry.size, kAlignment) - entry.size).zero_();
  }
  return FlatTensors(std::move(layout), flat);
}

void FlatTensors::Filled() const { AskForHugePages(flat_); }

at::Tensor FlatTensors::ChunkView(const FlatLayout::Chunk& chunk) const {
  return flat_.narrow(0, chunk.begin, chunk.end - chunk.begin);
}

FlatTensors FlatTensors::CopyTo(at::Device device) const {
  return FlatTensors(layout_, Allocate(layout_->size, device).copy_(flat_));
}

absl::StatusOr<FlatTensors> Flatten(const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
  std::vector<ParameterSpec> specs;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.scalar_type() != at::kFloat) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor '", name, "' is of type ", c10::toString(tensor.scalar_type()), ", expected F32"));
    }
    specs.push_back({.name = name, .shape = tensor.sizes().vec()});
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const FlatLayout> layout, FlatLayout::Create(specs));
  FlatTensors flat(std::move(layout), tensors.empty() ? at::Device(at::kCPU) : tensors.front().second.device());
  for (size_t i = 0; i < tensors.size(); ++i) flat.views()[i].copy_(tensors[i].second);
  return flat;
}

void Initialize(const std::vector<ParameterSpec>& parameters, uint64_t seed, FlatTensors& tensors) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
    generator.set_current_seed(MixSeed(seed, "initialize " + parameters[i].name));
    at::Tensor values = at::empty(parameters[i].shape, at::TensorOptions().dtype(at::kFloat));
    Fill(parameters[i].initial, generator, values);
    tensors.views()[i].copy_(values);
  }
}

}  // namespace baton
