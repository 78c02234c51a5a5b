#include "base/seal.h"

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"

namespace baton {
namespace {

constexpr size_t kHexSize = 64;
// As protobuf encodes it: the tag of field 100 with wire type 2, (100 << 3 | 2) as a varint, and the length 64.
constexpr absl::string_view kSealHeader("\xa2\x06\x40", 3);
constexpr size_t kSealSize = 3 + kHexSize;

absl::Status Damaged(absl::string_view name, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(name, ": ", what));
}

}  // namespace

std::string Seal(google::protobuf::Message& message) {
  const google::protobuf::FieldDescriptor* const field = message.GetDescriptor()->FindFieldByNumber(100);
  GOOGLE_CHECK(field != nullptr && field->name() == "sha256" &&
               field->type() == google::protobuf::FieldDescriptor::TYPE_STRING && !field->is_repeated())
      << message.GetDescriptor()->full_name() << " has no field `optional string sha256 = 100`";
  message.GetReflection()->ClearField(&message, field);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    GOOGLE_CHECK(message.SerializeToCodedStream(&coded));
  }
  const std::string digest = Sha256Hex(bytes);
  message.GetReflection()->SetString(&message, field, digest);
  absl::StrAppend(&bytes, kSealHeader, digest);
  return bytes;
}

absl::Status Unseal(absl::string_view bytes, absl::string_view name, google::protobuf::Message& message) {
  if (bytes.empty()) return Damaged(name, "is empty");
  if (bytes.size() < kSealSize || !absl::StartsWith(bytes.substr(bytes.size() - kSealSize), kSealHeader)) {
    return Damaged(name, absl::StrCat("does not end with a seal: it was cut or changed (", bytes.size(), " bytes)"));
  }
  const absl::string_view content = bytes.substr(0, bytes.size() - kSealSize);
  const absl::string_view expected = bytes.substr(bytes.size() - kHexSize);
  const std::string found = Sha256Hex(content);
  if (found != expected) {
    return Damaged(name, absl::StrCat("was changed: its content has SHA-256 ", found, ", its seal says ", expected));
  }
  if (bytes.size() > std::numeric_limits<int>::max()) {
    return Damaged(name, absl::StrCat("has ", bytes.size(), " bytes, more than a message can have"));
  }
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Damaged(name, absl::StrCat("is whole, but no ", message.GetDescriptor()->full_name()));
  }
  return absl::OkStatus();
}

}  // namespace baton
