#include "training/micro_batch_gradient.h"

#include <memory>

#include "base/random.h"
#include "base/status_macros.h"

#include "third_party/torch_begin.h"

#include <ATen/Context.h>

#include "third_party/torch_end.h"

namespace baton {

struct MicroBatchGradient::Worker {
  // Leaves of the autograd graph over the shared parameters; their gradients are set to views of a flat tensor.
  std::vector<at::Tensor> leaves;
  at::Generator generator;
  // Every flat gradient that this worker ever needed, and those that are free now.
  std::vector<std::unique_ptr<FlatTensors>> gradients;
  std::vector<FlatTensors*> free;
  // The part of the tree that it has, left to right.
  std::vector<Node> nodes;
};

MicroBatchGradient::MicroBatchGradient(const Model& model, const Criterion& criterion, const FlatTensors& parameters,
                                       int micro_batches, uint64_t seed, WorkerPool& pool)
    : model_(model),
      criterion_(criterion),
      micro_batches_(micro_batches),
      seed_(seed),
      pool_(pool),
      workers_(pool.size()),
      micro_batch_sums_(micro_batches) {
  for (Worker& worker : workers_) {
    for (const at::Tensor& view : parameters.views()) worker.leaves.push_back(view.detach().requires_grad_());
    worker.generator = at::globalContext().defaultGenerator(parameters.flat().device()).clone();
    // One to begin with; the others come when the tree needs them.
    worker.gradients.push_back(std::make_unique<FlatTensors>(parameters.shared_layout(), parameters.flat().device()));
  }
}

MicroBatchGradient::~MicroBatchGradient() = default;

absl::StatusOr<MicroBatchGradient::Sums> MicroBatchGradient::Compute(const Examples& examples,
                                                                     absl::Span<const int64_t> indices,
                                                                     uint64_t step_index) {
  const int64_t rows = static_cast<int64_t>(indices.size());
  const int64_t count = pool_.size();
  // For a model that draws from the process-wide generator, as libtorch's own dropout does: with one worker it too can
  // be taken up again at any step.
  at::manual_seed(MixSeed(seed_, "process-wide", step_index));
  RETURN_IF_ERROR(pool_.Run([&](int index) {
    Worker& worker = workers_[index];
    worker.nodes.clear();
    worker.free.clear();
    for (const auto& gradient : worker.gradients) worker.free.push_back(gradient.get());
    for (int64_t micro_batch = index * micro_batches_ / count; micro_batch < (index + 1) * micro_batches_ / count;
         ++micro_batch) {
      const int64_t begin = micro_batch * rows / micro_batches_;
      const int64_t end = (micro_batch + 1) * rows / micro_batches_;
      ComputeMicroBatch(worker, examples.Select(indices.subspan(begin, end - begin)), micro_batch, step_index);
    }
    return absl::OkStatus();
  }));
  PlanAdditions();
  Sums total;
  for (const Sums& sums : micro_batch_sums_) {
    total.loss += sums.loss;
    total.weight += sums.weight;
  }
  return total;
}

void MicroBatchGradient::ComputeMicroBatch(Worker& worker, const Batch& batch, int64_t micro_batch,
                                           uint64_t step_index) {
  if (worker.free.empty()) {
    const FlatTensors& first = *worker.gradients.front();
    worker.gradients.push_back(std::make_unique<FlatTensors>(first.shared_layout(), first.flat().device()));
    worker.free.push_back(worker.gradients.back().get());
  }
  FlatTensors* gradient = worker.free.back();
  worker.free.pop_back();
  gradient->flat().zero_();
  micro_batch_sums_[micro_batch] = Sums();
  if (batch.rows > 0) {  // an epoch's last batch may have fewer rows than there are micro-batches
    for (size_t i = 0; i < worker.leaves.size(); ++i) worker.leaves[i].mutable_grad() = gradient->views()[i];
    worker.generator.set_current_seed(MixSeed(seed_, "dropout", step_index, micro_batch));
    const LossSum loss = criterion_.Loss(model_.Forward(worker.leaves, batch, worker.generator), batch);
    loss.sum.backward();
    micro_batch_sums_[micro_batch] = {loss.sum.item<double>(), loss.weight};
  }
  worker.nodes.push_back({.level = 0, .index = micro_batch, .gradient = gradient});
  // As a binary counter carries: while the last two nodes are siblings, their sum takes their place.
  while (worker.nodes.size() >= 2 && worker.nodes[worker.nodes.size() - 2].IsLeftOf(worker.nodes.back())) {
    const Node right = worker.nodes.back();
    worker.nodes.pop_back();
    Node& left = worker.nodes.back();
    left.gradient->flat().add_(right.gradient->flat());
    left.level += 1;
    left.index /= 2;
    worker.free.push_back(right.gradient);
  }
}

void MicroBatchGradient::PlanAdditions() {
  additions_.clear();
  std::vector<Node> nodes;
  for (const Worker& worker : workers_) {
    for (const Node& node : worker.nodes) {
      nodes.push_back(node);
      while (nodes.size() >= 2 && nodes[nodes.size() - 2].IsLeftOf(nodes.back())) {
        additions_.emplace_back(nodes[nodes.size() - 2].gradient, nodes.back().gradient);
        nodes.pop_back();
        nodes.back().level += 1;
        nodes.back().index /= 2;
      }
    }
  }
  root_ = nodes.front().gradient;
}

at::Tensor MicroBatchGradient::FinishChunk(const FlatLayout::Chunk& chunk) const {
  for (const auto& [left, right] : additions_) left->ChunkView(chunk).add_(right->ChunkView(chunk));
  return root_->ChunkView(chunk);
}

}  // namespace baton
