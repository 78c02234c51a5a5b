#include "pipeline/evaluate/compute_outputs.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "training/batch_source.h"
#include "training/forward_batches.h"

namespace baton {

absl::StatusOr<std::vector<float>> ComputeOutputs(const TrainedModel& trained, const Holdout& holdout,
                                                  int64_t batch_size, WorkerPool& pool, at::Device device) {
  ASSIGN_OR_RETURN(const TensorSource examples, TensorSource::FromHost(holdout.tensors, device));
  const int64_t width = std::max<int64_t>(holdout.classes, 1);
  std::vector<float> outputs(holdout.rows * width);
  absl::Mutex mutex;
  Progress progress("evaluate", "rows", holdout.rows);
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
    const absl::MutexLock lock(&mutex);
    done += batch.rows;
    progress.Update(done, "");
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ForwardBatches(*trained.model, trained.parameters, trained.buffers.views(), examples, batch_size,
                                 BatchCount(examples.examples(), batch_size), pool, keep));
  return outputs;
}

}  // namespace baton
