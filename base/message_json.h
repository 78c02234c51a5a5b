#ifndef BATON_BASE_MESSAGE_JSON_H_
#define BATON_BASE_MESSAGE_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace baton {

// A message in protobuf's JSON, indented, with the field names of the proto; absent fields are left out.
absl::StatusOr<std::string> MessageAsJson(const google::protobuf::Message& message);

}  // namespace baton

#endif  // BATON_BASE_MESSAGE_JSON_H_
