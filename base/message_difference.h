#ifndef BATON_BASE_MESSAGE_DIFFERENCE_H_
#define BATON_BASE_MESSAGE_DIFFERENCE_H_

#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace baton {

// One field that differs between two messages, e.g. "history[3].validation_metrics["accuracy"]". Values are text as in
// a text proto; nullopt where the field is not set. What one lacks altogether, a message say, is one difference.
struct MessageFieldDifference {
  std::string field;
  std::optional<std::string> a;
  std::optional<std::string> b;
};

// All differences of two messages of one type, as protobuf's MessageDifferencer finds them: elements of repeated fields
// by position, those of maps by key. Floating-point numbers are compared by value, and two NaN are equal.
std::vector<MessageFieldDifference> DifferentFields(const google::protobuf::Message& a,
                                                    const google::protobuf::Message& b);

}  // namespace baton

#endif  // BATON_BASE_MESSAGE_DIFFERENCE_H_
