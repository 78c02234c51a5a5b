#include "state/staging.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/errors.h"
#include "base/status_macros.h"

#include "third_party/torch_begin.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

// Small enough that no thread waits long for another's last piece.
constexpr size_t kPieceBytes = size_t{128} << 10;

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
void Copy(const CopyPiece& piece) {
  size_t copied = 0;
#ifdef __SSE2__
  constexpr size_t kVector = sizeof(__m128i);
  if (reinterpret_cast<uintptr_t>(piece.to) % kVector == 0) {
    for (; copied + kVector <= piece.size; copied += kVector) {
      _mm_stream_si128(reinterpret_cast<__m128i*>(piece.to + copied),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(piece.from + copied)));
    }
    _mm_sfence();  // other threads see them before what the caller tells them
  }
#endif
  std::memcpy(piece.to + copied, piece.from + copied, piece.size - copied);
}

absl::Status Begin(absl::string_view name, const at::Tensor& from, const at::Tensor& to,
                   std::vector<CopyPiece>& pieces) {
  if (from.sizes() != to.sizes() || from.dtype() != to.dtype()) return Unlike(name);
  if (!from.is_cpu() || !from.is_contiguous()) {
    to.copy_(from, /*non_blocking=*/false);
    return absl::OkStatus();
  }
  const char* const source = static_cast<const char*>(from.const_data_ptr());
  char* const target = static_cast<char*>(to.data_ptr());
  for (size_t begin = 0; begin < from.nbytes(); begin += kPieceBytes) {
    pieces.push_back({source + begin, target + begin, std::min(kPieceBytes, from.nbytes() - begin)});
  }
  return absl::OkStatus();
}

absl::Status Begin(absl::string_view name, const FlatTensors& from, const FlatTensors& to,
                   std::vector<CopyPiece>& pieces) {
  if (from.shared_layout() != to.shared_layout()) return Unlike(name);
  return Begin(name, from.flat(), to.flat(), pieces);
}

template <typename Named>
absl::Status BeginAll(absl::string_view what, const Named& from, const Named& to, std::vector<CopyPiece>& pieces) {
  if (from.size() != to.size()) return Unlike(what);
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i].first != to[i].first) return Unlike(from[i].first);
    RETURN_IF_ERROR(Begin(from[i].first, from[i].second, to[i].second, pieces));
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

absl::StatusOr<std::vector<CopyPiece>> BeginCopy(const State& state, State& staged) try {
  const at::NoGradGuard no_gradients;
  std::vector<CopyPiece> pieces;
  RETURN_IF_ERROR(Begin("model", state.model, staged.model, pieces));
  if (state.ema.has_value() != staged.ema.has_value()) return Unlike("the moving average");
  if (state.ema.has_value()) RETURN_IF_ERROR(Begin("the moving average", *state.ema, *staged.ema, pieces));
  RETURN_IF_ERROR(BeginAll("the criterion", state.criterion, staged.criterion, pieces));
  RETURN_IF_ERROR(BeginAll("the optimizer", state.optimizer, staged.optimizer, pieces));
  staged.progress = state.progress;
  staged.environment = state.environment;
  staged.vocabulary = state.vocabulary;
  staged.tokenizer = state.tokenizer;
  staged.attachments = state.attachments;
  return pieces;
} catch (const std::exception& exception) {
  return Annotate(StatusFromException(exception), "copying the State for a snapshot");
}

SharedCopy::SharedCopy(std::vector<CopyPiece> pieces) : pieces_(std::move(pieces)), left_(pieces_.size()) {}

void SharedCopy::Finish() {
  size_t copied = 0;
  for (size_t i = taken_++; i < pieces_.size(); i = taken_++, ++copied) Copy(pieces_[i]);
  absl::MutexLock lock(&mutex_);
  left_ -= copied;
  mutex_.Await(absl::Condition(
      +[](size_t* left) { return *left == 0; }, &left_));
}

}  // namespace baton
