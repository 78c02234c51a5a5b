// Types of safetensors.h.

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/safetensors.h"

namespace baton {
namespace {

struct TypeInfo {
  absl::string_view name;
  int size;
};

// In the order of DType.
constexpr std::array<TypeInfo, 15> kTypes = {{{"BOOL", 1},
                                              {"U8", 1},
                                              {"I8", 1},
                                              {"F8_E5M2", 1},
                                              {"F8_E4M3", 1},
                                              {"I16", 2},
                                              {"U16", 2},
                                              {"F16", 2},
                                              {"BF16", 2},
                                              {"I32", 4},
                                              {"U32", 4},
                                              {"F32", 4},
                                              {"F64", 8},
                                              {"I64", 8},
                                              {"U64", 8}}};
static_assert(kTypes.size() == static_cast<size_t>(DType::kU64) + 1);

// Types of the format whose elements are not whole bytes.
constexpr std::array<absl::string_view, 3> kSubByteTypes = {"F4", "F6_E2M3", "F6_E3M2"};

}  // namespace

absl::string_view DTypeName(DType dtype) { return kTypes[static_cast<size_t>(dtype)].name; }

int DTypeSize(DType dtype) { return kTypes[static_cast<size_t>(dtype)].size; }

absl::StatusOr<DType> ParseDType(absl::string_view name) {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i].name == name) return static_cast<DType>(i);
  }
  if (std::find(kSubByteTypes.begin(), kSubByteTypes.end(), name) != kSubByteTypes.end()) {
    return absl::DataLossError(absl::StrCat("type ", name, " is smaller than a byte, which is not supported"));
  }
  return absl::DataLossError(absl::StrCat("type \"", absl::Utf8SafeCEscape(name.substr(0, 32)), "\" is not supported"));
}

absl::StatusOr<uint64_t> TensorByteSize(DType dtype, const std::vector<int64_t>& shape) {
  uint64_t size = static_cast<uint64_t>(DTypeSize(dtype));
  for (const int64_t dimension : shape) {
    if (dimension < 0) return absl::InvalidArgumentError(absl::StrCat("negative dimension ", dimension));
    if (__builtin_mul_overflow(size, static_cast<uint64_t>(dimension), &size)) {
      return absl::InvalidArgumentError(
          absl::StrCat("shape [", absl::StrJoin(shape, ", "), "] takes more bytes than 64 bits count"));
    }
  }
  return size;
}

}  // namespace baton
