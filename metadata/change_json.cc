#include "metadata/change_json.h"

namespace baton {

nlohmann::ordered_json ChangeAsJson(const FieldChange& change) {
  nlohmann::ordered_json json = {{"topic", TopicName(change.topic)}, {"field", change.field}};
  if (change.before) json["before"] = *change.before;
  if (change.after) json["after"] = *change.after;
  return json;
}

}  // namespace baton
