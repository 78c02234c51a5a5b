#ifndef BATON_MODELS_DATA_DESCRIPTION_H_
#define BATON_MODELS_DATA_DESCRIPTION_H_

#include <cstdint>
#include <string>
#include <vector>

namespace baton {

// What is to be predicted.
enum class TargetKind { kUnknown, kClass, kNumber };

// What is known of the data without reading it, so that a configuration can be checked against it.
struct DataDescription {
  TargetKind target = TargetKind::kUnknown;
  // Where that was said, for messages: "load.table.task is CLASSIFICATION".
  std::string said_by = "";
  // Shape of one example's features; empty: a row of numbers, as many as there will be.
  std::vector<int64_t> feature_shape = {};
  // The field that says so, for messages: "load.table.feature_shape". Empty where no field does.
  std::string shape_field = "";
};

}  // namespace baton

#endif  // BATON_MODELS_DATA_DESCRIPTION_H_
