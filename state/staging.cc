#include "state/staging.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstdint>
#include <cstring>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/status_macros.h"

#include "third_party/torch_begin.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

// By memset, not by an operation of libtorch, which might start OpenMP threads for this thread.
at::Tensor Zeroed(at::Tensor tensor) {
  std::memset(tensor.data_ptr(), 0, tensor.nbytes());
  return tensor;
}

at::Tensor ZerosLike(const at::Tensor& tensor) {
  return Zeroed(at::empty(tensor.sizes(), at::TensorOptions().dtype(tensor.dtype()).device(at::kCPU)));
}

FlatTensors ZerosLike(const FlatTensors& tensors) {
  FlatTensors zeros = FlatTensors::Unfilled(tensors.shared_layout());
  Zeroed(zeros.flat());
  return zeros;
}

absl::Status Unlike(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the State to copy has other tensors than the memory was made for: ", what));
}

// memcpy past the caches where the processor can: what is copied is next read by another thread, and need not push out
// what training works on. About a fifth faster than memcpy, too, which reads the target's lines before it writes them.
void CopyBytes(const void* from, void* to, size_t size) {
#ifdef __SSE2__
  constexpr size_t kVector = sizeof(__m128i);
  if (reinterpret_cast<uintptr_t>(to) % kVector == 0) {
    const size_t vectors = size / kVector;
    const __m128i* const source = static_cast<const __m128i*>(from);
    __m128i* const target = static_cast<__m128i*>(to);
    for (size_t i = 0; i < vectors; ++i) _mm_stream_si128(target + i, _mm_loadu_si128(source + i));
    _mm_sfence();  // other threads see them before what the caller tells them
    from = source + vectors;
    to = target + vectors;
    size -= vectors * kVector;
  }
#endif
  std::memcpy(to, from, size);
}

absl::Status Copy(absl::string_view name, const at::Tensor& from, const at::Tensor& to) {
  if (from.sizes() != to.sizes() || from.dtype() != to.dtype()) return Unlike(name);
  if (from.is_cpu() && from.is_contiguous()) {
    CopyBytes(from.const_data_ptr(), to.data_ptr(), from.nbytes());
  } else {
    to.copy_(from, /*non_blocking=*/false);
  }
  return absl::OkStatus();
}

absl::Status Copy(absl::string_view name, const FlatTensors& from, const FlatTensors& to) {
  if (from.shared_layout() != to.shared_layout()) return Unlike(name);
  return Copy(name, from.flat(), to.flat());
}

template <typename Named>
absl::Status CopyAll(absl::string_view what, const Named& from, const Named& to) {
  if (from.size() != to.size()) return Unlike(what);
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i].first != to[i].first) return Unlike(from[i].first);
    RETURN_IF_ERROR(Copy(from[i].first, from[i].second, to[i].second));
  }
  return absl::OkStatus();
}

}  // namespace

State MakeStaging(const State& like) {
  State staged;
  staged.model = ZerosLike(like.model);
  if (like.ema.has_value()) staged.ema = ZerosLike(*like.ema);
  for (const auto& [name, tensor] : like.criterion) staged.criterion.emplace_back(name, ZerosLike(tensor));
  for (const auto& [slot, tensors] : like.optimizer) staged.optimizer.emplace_back(slot, ZerosLike(tensors));
  return staged;
}

absl::Status CopyInto(const State& state, State& staged) try {
  const at::NoGradGuard no_gradients;
  RETURN_IF_ERROR(Copy("model", state.model, staged.model));
  if (state.ema.has_value() != staged.ema.has_value()) return Unlike("the moving average");
  if (state.ema.has_value()) RETURN_IF_ERROR(Copy("the moving average", *state.ema, *staged.ema));
  RETURN_IF_ERROR(CopyAll("the criterion", state.criterion, staged.criterion));
  RETURN_IF_ERROR(CopyAll("the optimizer", state.optimizer, staged.optimizer));
  staged.progress = state.progress;
  staged.environment = state.environment;
  staged.vocabulary = state.vocabulary;
  staged.tokenizer = state.tokenizer;
  staged.attachments = state.attachments;
  return absl::OkStatus();
} catch (const std::exception& exception) {
  return Annotate(StatusFromException(exception), "copying the State for a snapshot");
}

}  // namespace baton
