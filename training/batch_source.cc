#include "training/batch_source.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "third_party/torch_end.h"

namespace baton {

absl::StatusOr<TensorSource> TensorSource::Create(std::map<std::string, at::Tensor, std::less<>> tensors) {
  if (tensors.empty()) return absl::InvalidArgumentError("examples need at least one tensor, e.g. \"features\"");
  const auto& [first_name, first] = *tensors.begin();
  for (const auto& [name, tensor] : tensors) {
    if (tensor.dim() > 0 && tensor.size(0) == first.size(0)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "the tensor \"", name, "\" has ", tensor.dim() > 0 ? tensor.size(0) : 0, " examples, and \"", first_name, "\" ",
        first.dim() > 0 ? first.size(0) : 0, "; the first dimension of each is the example, and they must be as many"));
  }
  const int64_t rows = first.size(0);
  return TensorSource(Batch{.rows = rows, .tensors = std::move(tensors)});
}

absl::StatusOr<TensorSource> TensorSource::FromHost(const std::vector<HostTensor>& tensors, at::Device device) {
  std::map<std::string, at::Tensor, std::less<>> all;
  for (const HostTensor& host : tensors) {
    if (host.name == "row") continue;
    if (host.dtype != DType::kF32 && host.dtype != DType::kI64) {
      return absl::InvalidArgumentError(
          absl::StrCat("dataset tensor '", host.name, "' is ", DTypeName(host.dtype), "; training takes F32 and I64"));
    }
    const at::ScalarType type = host.dtype == DType::kF32 ? at::kFloat : at::kLong;
    const at::Tensor tensor = at::empty(host.shape, at::TensorOptions().dtype(type));
    std::memcpy(tensor.mutable_data_ptr(), host.bytes.data(), host.bytes.size());
    all[host.name] = tensor.to(device);
  }
  return Create(std::move(all));
}

Batch TensorSource::Slice(int64_t begin, int64_t end) const {
  Batch batch{.rows = end - begin, .tensors = {}};
  for (const auto& [name, tensor] : all_.tensors) batch.tensors[name] = tensor.narrow(0, begin, end - begin);
  return batch;
}

Batch TensorSource::Select(absl::Span<const int64_t> indices) const {
  Batch batch{.rows = static_cast<int64_t>(indices.size()), .tensors = {}};
  const at::Tensor index = at::tensor(at::ArrayRef<int64_t>(indices.data(), indices.size()));
  for (const auto& [name, tensor] : all_.tensors) {
    batch.tensors[name] = tensor.index_select(0, index.to(tensor.device()));
  }
  return batch;
}

}  // namespace baton
