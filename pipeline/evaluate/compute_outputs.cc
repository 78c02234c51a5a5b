#include "pipeline/evaluate/compute_outputs.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "training/forward_batches.h"

namespace baton {

absl::StatusOr<std::vector<float>> ComputeOutputs(const ModelInUse& model, const TensorSource& examples,
                                                  int64_t classes, int64_t batch_size, WorkerPool& pool,
                                                  Progress* progress) {
  const int64_t width = std::max<int64_t>(classes, 1);
  std::vector<float> outputs(examples.examples() * width);
  absl::Mutex mutex;
  int64_t done = 0;
  const auto keep = [&](int64_t index, const Batch& batch, const at::Tensor& given) -> absl::Status {
    if (StopRequested()) {
      return absl::CancelledError(absl::StrCat("stopped by signal ", StopSignal(), "; run the same command again"));
    }
    const at::Tensor values = given.cpu().contiguous();
    if (values.scalar_type() != at::kFloat || values.numel() != batch.rows * width) {
      return absl::InternalError(absl::StrCat("the model gives ", values.numel(), " ",
                                              c10::toString(values.scalar_type()), " for ", batch.rows,
                                              " rows; expected ", batch.rows * width, " Float"));
    }
    std::memcpy(outputs.data() + index * batch_size * width, values.const_data_ptr(), values.nbytes());
    if (progress == nullptr) return absl::OkStatus();
    const absl::MutexLock lock(&mutex);
    done += batch.rows;
    progress->Update(done, "");
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ForwardBatches(model.model, model.parameters, model.buffers.views(), examples, batch_size,
                                 BatchCount(examples.examples(), batch_size), pool, keep));
  return outputs;
}

}  // namespace baton
