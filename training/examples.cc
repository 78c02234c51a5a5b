#include "training/examples.h"

#include <cstring>

#include "absl/strings/str_cat.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {

absl::StatusOr<Examples> Examples::Create(const std::vector<HostTensor>& tensors, at::Device device) {
  Batch all;
  for (const HostTensor& host : tensors) {
    if (host.name == "row") continue;
    if (host.dtype != DType::kF32 && host.dtype != DType::kI64) {
      return absl::InvalidArgumentError(
          absl::StrCat("dataset tensor '", host.name, "' is ", DTypeName(host.dtype), "; training takes F32 and I64"));
    }
    const at::ScalarType type = host.dtype == DType::kF32 ? at::kFloat : at::kLong;
    const at::Tensor tensor = at::empty(host.shape, at::TensorOptions().dtype(type));
    std::memcpy(tensor.mutable_data_ptr(), host.bytes.data(), host.bytes.size());
    all.rows = host.shape[0];
    all.tensors[host.name] = tensor.to(device);
  }
  return Examples(std::move(all));
}

Batch Examples::Slice(int64_t begin, int64_t end) const {
  Batch batch{.rows = end - begin, .tensors = {}};
  for (const auto& [name, tensor] : all_.tensors) batch.tensors[name] = tensor.narrow(0, begin, end - begin);
  return batch;
}

Batch Examples::Select(absl::Span<const int64_t> indices) const {
  Batch batch{.rows = static_cast<int64_t>(indices.size()), .tensors = {}};
  const at::Tensor index = at::tensor(at::ArrayRef<int64_t>(indices.data(), indices.size()));
  for (const auto& [name, tensor] : all_.tensors) {
    batch.tensors[name] = tensor.index_select(0, index.to(tensor.device()));
  }
  return batch;
}

}  // namespace baton
