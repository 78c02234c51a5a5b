#ifndef BATON_BASE_SEAL_H_
#define BATON_BASE_SEAL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace baton {

// A sealed message is a serialized protobuf message whose last field, `optional string sha256 = 100`, is the SHA-256 of
// all bytes before that field. It stays a plain message that any protobuf library reads, and any changed, missing or
// added byte is found.

// Serializes deterministically and seals. `message` must have the field; what stands in it is replaced, in the message
// as well.
std::string Seal(google::protobuf::Message& message);

// Checks the seal and parses into `message`. DataLoss says what is wrong; `name` is the file's, for the text.
absl::Status Unseal(absl::string_view bytes, absl::string_view name, google::protobuf::Message& message);

}  // namespace baton

#endif  // BATON_BASE_SEAL_H_
