#ifndef BATON_METADATA_CANONICAL_H_
#define BATON_METADATA_CANONICAL_H_

#include <string>

#include "google/protobuf/message.h"

namespace baton {

// The message's bytes with maps in the order of their keys, so that two messages are the same, bit for bit (NaN, unset
// and unknown fields included), exactly if these bytes are.
std::string CanonicalBytes(const google::protobuf::Message& message);

}  // namespace baton

#endif  // BATON_METADATA_CANONICAL_H_
