// ParseSafetensorsHeader of safetensors.h.

#include <algorithm>
#include <exception>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/safetensors.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

// A name as it stands in a message.
std::string Shown(absl::string_view name) {
  constexpr size_t kLongest = 200;
  return absl::StrCat("\"", absl::Utf8SafeCEscape(name.substr(0, kLongest)), name.size() > kLongest ? "..." : "", "\"");
}

// Takes the parser's events as they come: a tree of the JSON would hide that a key was there twice. It accepts nothing
// but the format's own shape, which bounds the nesting.
class HeaderHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool start_object(size_t) override {
    if (state_ == State::kBegin) {
      state_ = State::kTop;
    } else if (state_ == State::kTop && key_ == "__metadata__") {
      state_ = State::kMetadata;
    } else if (state_ == State::kTop) {
      state_ = State::kTensor;
      tensor_ = TensorEntry();
      tensor_.name = key_;
      tensor_keys_.clear();
    } else {
      return Unexpected("an object");
    }
    return true;
  }

  bool key(std::string& name) override {
    bool is_new = false;
    if (state_ == State::kTop) {
      is_new = names_.insert(name).second;
      key_ = name;
    } else if (state_ == State::kMetadata) {
      is_new = header_.metadata.emplace(name, "").second;
      metadata_key_ = name;
    } else {
      if (name != "dtype" && name != "shape" && name != "data_offsets") return Fail("unknown field " + Shown(name));
      is_new = tensor_keys_.insert(name).second;
      tensor_key_ = name;
    }
    return is_new || Fail("the key " + Shown(name) + " stands there twice");
  }

  bool string(std::string& value) override {
    if (state_ == State::kMetadata) {
      header_.metadata[metadata_key_] = std::move(value);
      return true;
    }
    if (state_ != State::kTensor || tensor_key_ != "dtype") return Unexpected("a string");
    const absl::StatusOr<DType> dtype = ParseDType(value);
    if (!dtype.ok()) return Fail(std::string(dtype.status().message()));
    tensor_.dtype = *dtype;
    return true;
  }

  bool start_array(size_t) override {
    if (state_ != State::kTensor || tensor_key_ == "dtype") return Unexpected("an array");
    state_ = State::kArray;
    numbers_.clear();
    return true;
  }

  bool number_unsigned(uint64_t value) override {
    if (state_ != State::kArray) return Unexpected("a number");
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return Fail("a number does not fit 63 bits");
    numbers_.push_back(static_cast<int64_t>(value));
    return true;
  }

  bool end_array() override {
    state_ = State::kTensor;
    if (tensor_key_ == "shape") {
      tensor_.shape = std::move(numbers_);
      return true;
    }
    if (numbers_.size() != 2) return Fail("data_offsets are not two numbers");
    tensor_.begin = static_cast<uint64_t>(numbers_[0]);
    tensor_.end = static_cast<uint64_t>(numbers_[1]);
    return true;
  }

  bool end_object() override {
    if (state_ != State::kTensor) {
      state_ = state_ == State::kMetadata ? State::kTop : State::kEnd;
      return true;
    }
    for (const char* name : {"dtype", "shape", "data_offsets"}) {
      if (tensor_keys_.count(name) == 0) return Fail(absl::StrCat(name, " is missing"));
    }
    header_.tensors.push_back(std::move(tensor_));
    state_ = State::kTop;
    return true;
  }

  bool null() override { return Unexpected("null"); }
  bool boolean(bool) override { return Unexpected("a boolean"); }
  bool number_integer(int64_t) override { return Unexpected("a negative number"); }
  bool number_float(double, const std::string&) override { return Unexpected("a number that is no 64-bit integer"); }
  bool binary(nlohmann::json::binary_t&) override { return Unexpected("binary data"); }

  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception& error) override {
    absl::string_view reason = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error while ..."
    reason.remove_prefix(std::min(reason.size(), reason.find(": ") + 2));
    return Fail(
        absl::StrCat("no well-formed JSON at byte ", position, ": ", ReplaceInvalidUtf8(reason.substr(0, 200))));
  }

  const std::string& error() const { return error_; }
  SafetensorsHeader TakeHeader() { return std::move(header_); }

 private:
  enum class State { kBegin, kTop, kMetadata, kTensor, kArray, kEnd };

  bool Fail(std::string rule) {
    const bool in_tensor = state_ == State::kTensor || state_ == State::kArray;
    error_ = in_tensor                    ? absl::StrCat("tensor ", Shown(key_), ": ", rule)
             : state_ == State::kMetadata ? absl::StrCat("__metadata__: ", rule)
                                          : std::move(rule);
    return false;
  }

  // The value that has just begun is not what the format has there.
  bool Unexpected(absl::string_view found) {
    switch (state_) {
      case State::kTop:
        return Fail(absl::StrCat(Shown(key_), " is ", found, ", not an object"));
      case State::kMetadata:
        return Fail(absl::StrCat(Shown(metadata_key_), " is ", found, ", not a string"));
      case State::kTensor:
        return Fail(
            absl::StrCat(tensor_key_, " is ", found, tensor_key_ == "dtype" ? ", not a string" : ", not an array"));
      case State::kArray:
        return Fail(absl::StrCat(tensor_key_, " holds ", found, ", not a whole number of at most 63 bits"));
      case State::kBegin:
      case State::kEnd:
        break;
    }
    return Fail(absl::StrCat("the header is ", found, ", not an object"));
  }

  State state_ = State::kBegin;
  std::string key_;           // in the outermost object
  std::string metadata_key_;  // in __metadata__
  std::string tensor_key_;    // in a tensor's object
  std::set<std::string> names_;
  std::set<std::string> tensor_keys_;
  std::vector<int64_t> numbers_;
  TensorEntry tensor_;
  SafetensorsHeader header_;
  std::string error_;
};

absl::Status CheckRanges(std::vector<TensorEntry>& tensors, uint64_t buffer_size) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  uint64_t covered = 0;
  for (const TensorEntry& tensor : tensors) {
    const auto wrong = [&](absl::string_view rule) {
      return absl::DataLossError(
          absl::StrCat("tensor ", Shown(tensor.name), " at [", tensor.begin, ", ", tensor.end, "): ", rule));
    };
    if (tensor.end < tensor.begin) return wrong("it ends before it begins");
    if (tensor.end > buffer_size) return wrong(absl::StrCat("the file has ", buffer_size, " bytes of tensors"));
    if (tensor.begin != covered) {
      return wrong(absl::StrCat(tensor.begin < covered ? "it overlaps the tensor before it, which ends at "
                                                       : "there is a gap behind the tensor before it, which ends at ",
                                covered));
    }
    const absl::StatusOr<uint64_t> size = TensorByteSize(tensor.dtype, tensor.shape);
    if (!size.ok()) return wrong(size.status().message());
    if (*size != tensor.end - tensor.begin) {
      return wrong(absl::StrCat("type ", DTypeName(tensor.dtype), " and shape [", absl::StrJoin(tensor.shape, ", "),
                                "] take ", *size, " bytes"));
    }
    covered = tensor.end;
  }
  if (covered == buffer_size) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the tensors cover ", covered, " bytes, but ", buffer_size, " stand behind the header"));
}

}  // namespace

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::string_view json, uint64_t buffer_size) {
  if (json.size() > kMaxSafetensorsHeader) {
    return absl::DataLossError(
        absl::StrCat("the header has ", json.size(), " bytes, more than the format's ", kMaxSafetensorsHeader));
  }
  if (json.empty() || json.front() != '{') return absl::DataLossError("the header does not begin with {");
  // The parser would take it for the end.
  if (json.find('\0') != absl::string_view::npos) return absl::DataLossError("there is a NUL byte in the header");
  HeaderHandler handler;
  try {
    if (!nlohmann::json::sax_parse(json.begin(), json.end(), &handler)) return absl::DataLossError(handler.error());
  } catch (const std::exception& exception) {
    return absl::InternalError(absl::StrCat("parsing the header: ", exception.what()));
  }
  SafetensorsHeader header = handler.TakeHeader();
  RETURN_IF_ERROR(CheckRanges(header.tensors, buffer_size));
  return header;
}

}  // namespace baton
