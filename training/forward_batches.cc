#include "training/forward_batches.h"

#include <algorithm>

#include "base/status_macros.h"

#include "third_party/torch_begin.h"

#include <ATen/core/grad_mode.h>

#include "third_party/torch_end.h"

namespace baton {

int64_t BatchCount(int64_t rows, int64_t batch_size) { return (rows + batch_size - 1) / batch_size; }

absl::Status ForwardBatches(
    const Model& model, const FlatTensors& parameters, absl::Span<const at::Tensor> buffers, const BatchSource& source,
    int64_t batch_size, int64_t batches, WorkerPool& pool,
    const std::function<absl::Status(int64_t batch_index, const Batch& batch, const at::Tensor& outputs)>& use) {
  return pool.Run([&](int worker) {
    const at::NoGradGuard no_gradients;
    const ForwardContext context{.buffers = model.NameBuffers(buffers)};
    const NamedTensors named = model.NameParameters(parameters.views());
    for (int64_t i = worker; i < batches; i += pool.size()) {
      const Batch batch = source.Slice(i * batch_size, std::min((i + 1) * batch_size, source.examples()));
      RETURN_IF_ERROR(use(i, batch, model.Forward(named, batch, context)));
    }
    return absl::OkStatus();
  });
}

}  // namespace baton
