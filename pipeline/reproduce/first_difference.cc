#include "pipeline/reproduce/first_difference.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/message_difference.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "data/dataset.pb.h"
#include "state/state.pb.h"

namespace baton {
namespace {

// Of a long line, so much is shown.
constexpr size_t kShownCharacters = 80;

template <typename T>
T ValueAt(absl::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

// One element, as many digits as tell it from its neighbours.
std::string ElementText(DType dtype, absl::string_view bytes) {
  switch (dtype) {
    case DType::kF64:
      return absl::StrFormat("%.17g", ValueAt<double>(bytes));
    case DType::kF32:
      return absl::StrFormat("%.9g", ValueAt<float>(bytes));
    case DType::kI64:
      return absl::StrCat(ValueAt<int64_t>(bytes));
    case DType::kI32:
      return absl::StrCat(ValueAt<int32_t>(bytes));
    case DType::kI16:
      return absl::StrCat(ValueAt<int16_t>(bytes));
    case DType::kI8:
      return absl::StrCat(ValueAt<int8_t>(bytes));
    case DType::kU64:
      return absl::StrCat(ValueAt<uint64_t>(bytes));
    case DType::kU32:
      return absl::StrCat(ValueAt<uint32_t>(bytes));
    case DType::kU16:
      return absl::StrCat(ValueAt<uint16_t>(bytes));
    case DType::kU8:
    case DType::kBool:
      return absl::StrCat(ValueAt<uint8_t>(bytes));
    default: {
      std::string big_endian(bytes.rbegin(), bytes.rend());
      return absl::StrCat("0x", absl::BytesToHexString(big_endian));
    }
  }
}

// "[3, 1]" of the element with this number, in C order.
std::string IndexText(uint64_t element, const std::vector<int64_t>& shape) {
  std::vector<uint64_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = element % shape[i];
    element /= shape[i];
  }
  return absl::StrCat("[", absl::StrJoin(index, ", "), "]");
}

std::string Describe(const TensorEntry& entry) {
  return absl::StrCat(DTypeName(entry.dtype), " [", absl::StrJoin(entry.shape, ", "), "]");
}

absl::StatusOr<std::string> TensorDifference(const SafetensorsReader& before, const SafetensorsReader& after,
                                             const TensorEntry& entry) {
  const TensorEntry* other = after.Find(entry.name);
  const std::string name = absl::StrCat("tensor \"", entry.name, "\"");
  if (other == nullptr) return name + ": there, then not there";
  if (Describe(entry) != Describe(*other))
    return absl::StrCat(name, ": ", Describe(entry), ", then ", Describe(*other));
  std::string a(entry.end - entry.begin, 0), b(a.size(), 0);
  RETURN_IF_ERROR(before.Read(entry, a.data()).status());
  RETURN_IF_ERROR(after.Read(*other, b.data()).status());
  if (a == b) return std::string();
  const size_t size = DTypeSize(entry.dtype);
  const uint64_t elements = a.size() / size;
  std::optional<uint64_t> first;
  uint64_t count = 0;
  for (uint64_t i = 0; i < elements; ++i) {
    if (std::memcmp(&a[i * size], &b[i * size], size) == 0) continue;
    if (!first.has_value()) first = i;
    ++count;
  }
  const auto text = [&](const std::string& bytes) {
    return ElementText(entry.dtype, absl::string_view(bytes).substr(*first * size, size));
  };
  return absl::StrCat(name, " ", IndexText(*first, entry.shape), ": ", text(a), ", then ", text(b), " (", count, " of ",
                      elements, " elements differ)");
}

// nullopt if one of them is no safetensors file, or they differ in something else than their tensors.
absl::StatusOr<std::optional<std::string>> SafetensorsDifference(FileSystem& fs, const std::string& before,
                                                                 const std::string& after) {
  const auto a = SafetensorsReader::Open(fs, before), b = SafetensorsReader::Open(fs, after);
  if (!a.ok() || !b.ok()) return std::optional<std::string>();
  for (const TensorEntry& entry : (*a)->tensors()) {
    ASSIGN_OR_RETURN(std::string difference, TensorDifference(**a, **b, entry));
    if (!difference.empty()) return std::optional(std::move(difference));
  }
  for (const TensorEntry& entry : (*b)->tensors()) {
    if ((*a)->Find(entry.name) == nullptr) {
      return std::optional(absl::StrCat("tensor \"", entry.name, "\": not there, then there"));
    }
  }
  return std::optional<std::string>();
}

// nullopt if one of two sealed messages is damaged, or they differ in nothing but their bytes.
template <typename Message>
std::optional<std::string> MessageDifference(const std::string& before, const std::string& after) {
  Message a, b;
  if (!Unseal(before, "", a).ok() || !Unseal(after, "", b).ok()) return std::nullopt;
  a.clear_sha256();
  b.clear_sha256();
  const std::vector<MessageFieldDifference> differences = DifferentFields(a, b);
  if (differences.empty()) return std::nullopt;
  const MessageFieldDifference& first = differences.front();
  return absl::StrCat(first.field, ": ", first.a.value_or("not there"), ", then ", first.b.value_or("not there"));
}

std::string Shown(absl::string_view text) {
  std::string shown = absl::Utf8SafeCEscape(text.substr(0, kShownCharacters));
  return absl::StrCat("\"", shown, text.size() > kShownCharacters ? "…" : "", "\"");
}

// Of different bytes.
std::string BytesDifference(const std::string& before, const std::string& after) {
  const auto [a, b] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const size_t offset = a - before.begin();
  const auto is_text = [](const std::string& bytes) { return IsUtf8(bytes) && bytes.find('\0') == std::string::npos; };
  if (is_text(before) && is_text(after)) {
    const size_t line = std::count(before.begin(), a, '\n');
    const std::vector<absl::string_view> lines_before = absl::StrSplit(before, '\n');
    const std::vector<absl::string_view> lines_after = absl::StrSplit(after, '\n');
    return absl::StrCat("line ", line + 1, ": ", Shown(lines_before[line]), ", then ", Shown(lines_after[line]));
  }
  const auto byte = [](const std::string& bytes, std::string::const_iterator at) {
    return at == bytes.end() ? std::string("the end") : absl::StrFormat("0x%02x", static_cast<unsigned char>(*at));
  };
  return absl::StrCat("byte ", offset, ": ", byte(before, a), ", then ", byte(after, b));
}

}  // namespace

absl::StatusOr<std::string> FirstDifference(FileSystem& fs, const std::string& before, const std::string& after) {
  std::optional<std::string> found;
  if (absl::EndsWith(after, ".safetensors")) {
    ASSIGN_OR_RETURN(found, SafetensorsDifference(fs, before, after));
    if (found.has_value()) return *std::move(found);
  }
  ASSIGN_OR_RETURN(const std::string a, ReadFile(fs, before));
  ASSIGN_OR_RETURN(const std::string b, ReadFile(fs, after));
  if (a == b) return std::string();
  if (absl::EndsWith(after, "state.binpb")) found = MessageDifference<SnapshotIndex>(a, b);
  if (absl::EndsWith(after, "dataset.binpb")) found = MessageDifference<Dataset>(a, b);
  return found.has_value() ? *std::move(found) : BytesDifference(a, b);
}

}  // namespace baton
