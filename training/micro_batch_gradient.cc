#include "training/micro_batch_gradient.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "training/scalars.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>
#include <ATen/ops/equal.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

constexpr char kUndeclaredDraw[] =
    "the model draws from libtorch's process-wide generator and does not say so: nothing seeds that for each step, so "
    "that a resumed training would get other bits. Let it draw from the generator that its ForwardContext holds "
    "(models/dropout.h does), or let uses_process_wide_generator() return true";

// Tensors like `like`, or none.
FlatTensors SameLayout(const FlatTensors* like) {
  return like == nullptr ? FlatTensors() : FlatTensors(like->shared_layout(), like->flat().device());
}

at::Tensor ProcessWideState(at::Device device) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::scoped_lock lock(generator.mutex());
  return generator.get_state();
}

// The mean of both, weighted by rows, into the first. Where both are the same it is that, to the bit.
void TakeMean(const FlatTensors& left, int64_t left_rows, const FlatTensors& right, int64_t right_rows) {
  if (!left.flat().defined()) return;
  left.flat().lerp_(right.flat(), static_cast<double>(right_rows) / static_cast<double>(left_rows + right_rows));
}

// Where the leaf's gradient is not there already it is copied. The leaf keeps none.
void MoveGradient(at::Tensor& leaf, const at::Tensor& destination) {
  at::Tensor& gradient = leaf.mutable_grad();
  if (!gradient.defined()) {
    destination.zero_();
  } else if (gradient.const_data_ptr() != destination.const_data_ptr()) {
    destination.copy_(gradient);
  }
  gradient.reset();
}

}  // namespace

struct MicroBatchGradient::Worker {
  // Leaves of the autograd graph over the shared parameters.
  std::vector<at::Tensor> leaves;
  at::Generator generator;
  // Every part that this worker ever needed, and those that are free now.
  std::vector<std::unique_ptr<Part>> parts;
  std::vector<Part*> free;
  // The part of the tree that it has, left to right.
  std::vector<Node> nodes;
};

MicroBatchGradient::MicroBatchGradient(const Model& model, const Criterion& criterion, const Tensors& tensors,
                                       int micro_batches, uint64_t seed, WorkerPool& pool)
    : model_(model),
      criterion_(criterion),
      tensors_(tensors),
      micro_batches_(micro_batches),
      seed_(seed),
      pool_(pool),
      workers_(pool.size()),
      losses_(micro_batches) {
  for (Worker& worker : workers_) {
    for (const at::Tensor& view : tensors.parameters.views()) worker.leaves.push_back(view.detach().requires_grad_());
    worker.generator = at::globalContext().defaultGenerator(tensors.parameters.flat().device()).clone();
  }
}

MicroBatchGradient::~MicroBatchGradient() = default;

absl::StatusOr<MicroBatchGradient::Sums> MicroBatchGradient::Compute(const BatchSource& source,
                                                                     absl::Span<const int64_t> indices,
                                                                     uint64_t step_index) {
  const int64_t rows = static_cast<int64_t>(indices.size());
  const int64_t count = pool_.size();
  if (model_.uses_process_wide_generator()) {
    RETURN_IF_ERROR(CheckGenerator(model_, pool_.size()));
    at::manual_seed(MixSeed(seed_, "process-wide", step_index));
  }
  // Whether a model draws from it and does not say so shows in the first step.
  const at::Device device = tensors_.parameters.flat().device();
  const bool check_generator = !model_.uses_process_wide_generator() && !generator_checked_;
  const at::Tensor generator_state = check_generator ? ProcessWideState(device) : at::Tensor();
  RETURN_IF_ERROR(pool_.Run([&](int index) {
    Worker& worker = workers_[index];
    worker.nodes.clear();
    worker.free.clear();
    for (const auto& part : worker.parts) worker.free.push_back(part.get());
    for (int64_t micro_batch = index * micro_batches_ / count; micro_batch < (index + 1) * micro_batches_ / count;
         ++micro_batch) {
      const int64_t begin = micro_batch * rows / micro_batches_;
      const int64_t end = (micro_batch + 1) * rows / micro_batches_;
      ComputeMicroBatch(worker, source.Select(indices.subspan(begin, end - begin)), micro_batch, step_index);
    }
    return absl::OkStatus();
  }));
  if (check_generator && !at::equal(generator_state, ProcessWideState(device))) {
    return absl::InvalidArgumentError(kUndeclaredDraw);
  }
  generator_checked_ = true;
  PlanAdditions();
  return ReadSums();
}

MicroBatchGradient::Part* MicroBatchGradient::TakePart(Worker& worker) {
  if (worker.free.empty()) {
    worker.parts.push_back(std::make_unique<Part>(Part{.gradient = SameLayout(&tensors_.parameters),
                                                       .chunks = {},
                                                       .buffers = SameLayout(tensors_.buffers),
                                                       .criterion = SameLayout(tensors_.criterion)}));
    Part& part = *worker.parts.back();
    for (const FlatLayout::Chunk& chunk : part.gradient.layout().chunks) {
      part.chunks.push_back(part.gradient.ChunkView(chunk));
    }
    worker.free.push_back(&part);
  }
  Part* const part = worker.free.back();
  worker.free.pop_back();
  return part;
}

void MicroBatchGradient::ComputeMicroBatch(Worker& worker, const Batch& batch, int64_t micro_batch,
                                           uint64_t step_index) {
  Part* part = nullptr;
  losses_[micro_batch] = {};
  if (batch.rows > 0) {  // an epoch's last batch may have fewer rows than there are micro-batches
    part = TakePart(worker);
    part->rows = batch.rows;
    if (tensors_.buffers != nullptr) part->buffers.flat().copy_(tensors_.buffers->flat());
    if (tensors_.criterion != nullptr) part->criterion.flat().copy_(tensors_.criterion->flat());
    worker.generator.set_current_seed(MixSeed(seed_, "dropout", step_index, micro_batch));
    const ForwardContext forward{.training = true,
                                 .generator = worker.generator,
                                 .buffers = model_.NameBuffers(part->buffers.views()),
                                 .gradients = model_.NameParameters(part->gradient.views())};
    const CriterionContext loss{.training = true, .tensors = criterion_.NameTensors(part->criterion.views())};
    const TrainingPass pass = model_.ForwardToTrain(model_.NameParameters(worker.leaves), batch, forward);
    LossSum& sum = losses_[micro_batch];
    if (pass.backward == nullptr) {
      sum = criterion_.Loss(pass.outputs, batch, loss);
      sum.gradient.defined() ? pass.outputs.backward(sum.gradient) : sum.sum.backward();
      for (size_t i = 0; i < worker.leaves.size(); ++i) MoveGradient(worker.leaves[i], part->gradient.views()[i]);
    } else {
      const at::Tensor outputs = pass.outputs.detach().requires_grad_();
      sum = criterion_.Loss(outputs, batch, loss);
      if (!sum.gradient.defined()) sum.sum.backward();
      pass.backward(sum.gradient.defined() ? sum.gradient : outputs.grad());
    }
    sum.sum = sum.sum.detach();
    sum.gradient.reset();
  }
  worker.nodes.push_back({.level = 0, .index = micro_batch, .part = part});
  // As a binary counter carries: while the last two nodes are siblings, their parent takes their place.
  while (worker.nodes.size() >= 2 && worker.nodes[worker.nodes.size() - 2].IsLeftOf(worker.nodes.back())) {
    Join(worker.nodes, [&](Part* left, Part* right) {
      left->gradient.flat().add_(right->gradient.flat());
      TakeMean(left->buffers, left->rows, right->buffers, right->rows);
      TakeMean(left->criterion, left->rows, right->criterion, right->rows);
      left->rows += right->rows;
      worker.free.push_back(right);
    });
  }
}

template <typename Add>
void MicroBatchGradient::Join(std::vector<Node>& nodes, const Add& add) {
  const Node right = nodes.back();
  nodes.pop_back();
  Node& parent = nodes.back();
  if (parent.part != nullptr && right.part != nullptr) {
    add(parent.part, right.part);
  } else if (parent.part == nullptr) {
    parent.part = right.part;
  }
  parent.level += 1;
  parent.index /= 2;
}

void MicroBatchGradient::PlanAdditions() {
  additions_.clear();
  std::vector<Node> nodes;
  for (const Worker& worker : workers_) {
    for (const Node& node : worker.nodes) {
      nodes.push_back(node);
      while (nodes.size() >= 2 && nodes[nodes.size() - 2].IsLeftOf(nodes.back())) {
        Join(nodes, [&](Part* left, Part* right) { additions_.emplace_back(left, right); });
      }
    }
  }
  root_ = nodes.front().part;
}

MicroBatchGradient::Sums MicroBatchGradient::ReadSums() const {
  std::vector<at::Tensor> scalars;
  for (const LossSum& loss : losses_) {
    if (!loss.sum.defined()) continue;
    scalars.push_back(loss.sum);
    scalars.push_back(loss.weight);
  }
  const std::vector<double> values = ReadScalars(scalars);
  Sums total;
  for (size_t i = 0; i < values.size(); i += 2) {
    total.loss += values[i];
    total.weight += values[i + 1];
  }
  return total;
}

const at::Tensor& MicroBatchGradient::FinishChunk(size_t chunk) const {
  for (const auto& [left, right] : additions_) left->chunks[chunk].add_(right->chunks[chunk]);
  return root_->chunks[chunk];
}

void MicroBatchGradient::UpdateBuffers() const {
  for (const auto& [left, right] : additions_) {
    TakeMean(left->buffers, left->rows, right->buffers, right->rows);
    TakeMean(left->criterion, left->rows, right->criterion, right->rows);
    left->rows += right->rows;
  }
  if (tensors_.buffers != nullptr) tensors_.buffers->flat().copy_(root_->buffers.flat());
  if (tensors_.criterion != nullptr) tensors_.criterion->flat().copy_(root_->criterion.flat());
}

absl::Status CheckGenerator(const Model& model, int workers) {
  if (!model.uses_process_wide_generator() || workers == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the model draws from libtorch's process-wide generator, which ", workers,
                   " workers would share in no fixed order: set train.workers to 1, or let it draw from the generator "
                   "that its ForwardContext holds"));
}

absl::Status CheckMicroBatchRows(const Model& model, int64_t rows, int64_t batch_size, int64_t micro_batches) {
  const int64_t last = rows % batch_size;
  for (const int64_t batch : {std::min(rows, batch_size), last}) {
    for (int64_t i = 0; i < micro_batches; ++i) {
      const int64_t has = (i + 1) * batch / micro_batches - i * batch / micro_batches;
      if (has == 0 || has >= model.min_training_rows()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the model needs at least ", model.min_training_rows(), " examples in each micro-batch, but ",
                       batch == last ? "the last batch of an epoch" : "a batch", " has ", batch, " in ", micro_batches,
                       " micro-batches, of which number ", i + 1, " has ", has, ": change train.batch_size (now ",
                       batch_size, "; the training split has ", rows, " examples) or lower train.micro_batches"));
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
