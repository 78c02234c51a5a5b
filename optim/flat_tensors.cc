#include "optim/flat_tensors.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/random.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr int64_t kAlignment = 16;  // elements

int64_t RoundUp(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// Not yet filled. On the CPU in huge pages where the system gives them on request: the optimizer's pass is bound by
// memory, and with fewer pages to look up it is about 1.15 times faster.
at::Tensor Allocate(int64_t size, at::Device device) {
  at::Tensor flat = at::empty({size}, at::TensorOptions().dtype(at::kFloat).device(device));
  if (!device.is_cpu()) return flat;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = reinterpret_cast<uintptr_t>(flat.mutable_data_ptr());
  const uintptr_t first = (begin + page - 1) / page * page, end = (begin + flat.nbytes()) / page * page;
  // Only advice: where it is not taken, nothing is lost.
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
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
  if (const auto* given = std::get_if<InitialValuesGiven>(&initial)) {
    values.copy_(at::tensor(given->values, values.options()).view(values.sizes()));
  }
}

}  // namespace

FlatLayout::FlatLayout(const std::vector<ParameterSpec>& parameters) {
  for (const ParameterSpec& parameter : parameters) {
    Entry entry{.name = parameter.name, .shape = parameter.shape, .weight_decay = parameter.weight_decay};
    entry.size = 1;
    for (const int64_t dimension : parameter.shape) entry.size *= dimension;
    parameter_count += entry.size;
    entries.push_back(std::move(entry));
  }
  for (const bool weight_decay : {true, false}) {
    const int64_t group_begin = size;
    for (Entry& entry : entries) {
      if (entry.weight_decay != weight_decay) continue;
      entry.offset = size;
      size = RoundUp(size + entry.size, kAlignment);
    }
    for (int64_t begin = group_begin; begin < size; begin += kChunkSize) {
      chunks.push_back({begin, std::min(begin + kChunkSize, size), weight_decay});
    }
  }
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
  // Not in huge pages: to be given them at once takes several times as long as to read a snapshot.
  const at::Tensor flat = at::empty({layout->size}, at::TensorOptions().dtype(at::kFloat));
  for (const FlatLayout::Entry& entry : layout->entries) {
    flat.narrow(0, entry.offset + entry.size, RoundUp(entry.size, kAlignment) - entry.size).zero_();
  }
  return FlatTensors(std::move(layout), flat);
}

at::Tensor FlatTensors::ChunkView(const FlatLayout::Chunk& chunk) const {
  return flat_.narrow(0, chunk.begin, chunk.end - chunk.begin);
}

FlatTensors FlatTensors::CopyTo(at::Device device) const {
  return FlatTensors(layout_, Allocate(layout_->size, device).copy_(flat_));
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
