#include "state/tensor_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {
namespace {

// Elements at a time: what is converted of them stays in the cache.
constexpr int64_t kPart = 16 * 1024;

at::Tensor FlatOnCpu(const at::Tensor& tensor) { return tensor.cpu().contiguous().flatten(); }

// Adds the values of a part with their own mean and squared deviations to the whole (Chan, Golub, LeVeque: "Updating
// formulae and a pairwise algorithm for computing sample variances", 1979).
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;  // squared deviations from the mean

  void Add(double part_count, double part_mean, double part_squares) {
    if (part_count == 0) return;
    const double total = count + part_count;
    const double delta = part_mean - mean;
    mean += delta * part_count / total;
    squares += part_squares + delta * delta * count * part_count / total;
    count = total;
  }
};

template <typename Bits>
int64_t CountDifferent(const char* a, const char* b, int64_t count) {
  int64_t different = 0;
  for (int64_t i = 0; i < count; ++i) {
    Bits left, right;
    std::memcpy(&left, a + i * sizeof(Bits), sizeof(Bits));
    std::memcpy(&right, b + i * sizeof(Bits), sizeof(Bits));
    different += left != right;
  }
  return different;
}

int64_t CountDifferent(const char* a, const char* b, int64_t count, size_t size) {
  switch (size) {
    case 1:
      return CountDifferent<uint8_t>(a, b, count);
    case 2:
      return CountDifferent<uint16_t>(a, b, count);
    case 4:
      return CountDifferent<uint32_t>(a, b, count);
    case 8:
      return CountDifferent<uint64_t>(a, b, count);
    default: {
      int64_t different = 0;
      for (int64_t i = 0; i < count; ++i) different += std::memcmp(a + i * size, b + i * size, size) != 0;
      return different;
    }
  }
}

}  // namespace

std::string TensorTypeName(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return "F32";
    case at::kDouble:
      return "F64";
    case at::kLong:
      return "I64";
    default:
      return c10::toString(tensor.scalar_type());
  }
}

std::string TensorTypeAndShape(const at::Tensor& tensor) {
  return absl::StrCat(TensorTypeName(tensor), " [", absl::StrJoin(tensor.sizes(), ", "), "]");
}

TensorStatistics ComputeStatistics(const at::Tensor& tensor) {
  const at::Tensor flat = FlatOnCpu(tensor);
  TensorStatistics statistics;
  statistics.minimum = std::numeric_limits<double>::infinity();
  statistics.maximum = -std::numeric_limits<double>::infinity();
  Moments moments;
  double sum_of_squares = 0;
  for (int64_t begin = 0; begin < flat.numel(); begin += kPart) {
    const int64_t size = std::min(kPart, flat.numel() - begin);
    const at::Tensor part = flat.narrow(0, begin, size).to(at::kDouble);
    const double* const values = part.const_data_ptr<double>();
    int64_t finite = 0;
    double sum = 0;
    for (int64_t i = 0; i < size; ++i) {
      const double value = values[i];
      if (!std::isfinite(value)) {
        ++(std::isnan(value) ? statistics.nan_count : statistics.infinite_count);
        continue;
      }
      ++finite;
      sum += value;
      sum_of_squares += value * value;
      statistics.minimum = std::min(statistics.minimum, value);
      statistics.maximum = std::max(statistics.maximum, value);
    }
    statistics.finite_count += finite;
    if (finite == 0) continue;
    const double mean = sum / static_cast<double>(finite);
    double squares = 0;
    for (int64_t i = 0; i < size; ++i) {
      if (std::isfinite(values[i])) squares += (values[i] - mean) * (values[i] - mean);
    }
    moments.Add(static_cast<double>(finite), mean, squares);
  }
  if (statistics.finite_count == 0) {
    statistics.minimum = statistics.maximum = 0;
    return statistics;
  }
  statistics.mean = moments.mean;
  statistics.standard_deviation = std::sqrt(moments.squares / moments.count);
  statistics.norm = std::sqrt(sum_of_squares);
  return statistics;
}

ElementDifferences CompareElements(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor left = FlatOnCpu(a);
  const at::Tensor right = FlatOnCpu(b);
  const size_t element_size = left.element_size();
  const char* const left_bytes = static_cast<const char*>(left.const_data_ptr());
  const char* const right_bytes = static_cast<const char*>(right.const_data_ptr());
  ElementDifferences result;
  int64_t finite = left.numel();
  double sum = 0;
  for (int64_t begin = 0; begin < left.numel(); begin += kPart) {
    const int64_t size = std::min(kPart, left.numel() - begin);
    const char* const left_part = left_bytes + begin * element_size;
    const char* const right_part = right_bytes + begin * element_size;
    const int64_t differing = CountDifferent(left_part, right_part, size, element_size);
    const at::Tensor left_values = left.narrow(0, begin, size).to(at::kDouble);
    const at::Tensor right_values = right.narrow(0, begin, size).to(at::kDouble);
    const double* const x = left_values.const_data_ptr<double>();
    const double* const y = right_values.const_data_ptr<double>();
    result.differing += differing;
    for (int64_t i = 0; i < size; ++i) {
      if (std::isfinite(x[i]) && std::isfinite(y[i])) {
        const double difference = std::abs(x[i] - y[i]);
        sum += difference;
        result.largest = std::max(result.largest, difference);
        continue;
      }
      --finite;
      result.not_finite += std::memcmp(left_part + i * element_size, right_part + i * element_size, element_size) != 0;
    }
  }
  if (finite > 0) result.mean = sum / static_cast<double>(finite);
  return result;
}

}  // namespace baton
