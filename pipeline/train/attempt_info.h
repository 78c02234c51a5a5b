#ifndef BATON_PIPELINE_TRAIN_ATTEMPT_INFO_H_
#define BATON_PIPELINE_TRAIN_ATTEMPT_INFO_H_

#include <cstdint>

#include "base/worker_pool.h"
#include "metadata/attempt.h"

#include "third_party/torch_begin.h"

#include <c10/core/Device.h>

#include "third_party/torch_end.h"

namespace baton {

// What the record is to say of an attempt that computes with libtorch on `device`.
AttemptInfo ComputingAttempt(const WorkerPool& pool, uint32_t threads_per_worker, at::Device device);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_ATTEMPT_INFO_H_
