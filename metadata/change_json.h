#ifndef BATON_METADATA_CHANGE_JSON_H_
#define BATON_METADATA_CHANGE_JSON_H_

#include "metadata/field_change.h"
#include "nlohmann/json.hpp"

namespace baton {

// {"topic", "field", "before", "after"}; the value that is not set is left out.
nlohmann::ordered_json ChangeAsJson(const FieldChange& change);

}  // namespace baton

#endif  // BATON_METADATA_CHANGE_JSON_H_
