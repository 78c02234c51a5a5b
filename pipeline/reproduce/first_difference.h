#ifndef BATON_PIPELINE_REPRODUCE_FIRST_DIFFERENCE_H_
#define BATON_PIPELINE_REPRODUCE_FIRST_DIFFERENCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace baton {

// Where two files first differ, in words for people, the value of `before` first; empty if their bytes are the same:
//   .safetensors                 the tensor and the element with both values, and how many of it differ
//   state.binpb, dataset.binpb   the field with both values
//   text                         the line
//   anything else                the byte
// What is damaged is compared as bytes. The error if one cannot be read.
absl::StatusOr<std::string> FirstDifference(FileSystem& fs, const std::string& before, const std::string& after);

}  // namespace baton

#endif  // BATON_PIPELINE_REPRODUCE_FIRST_DIFFERENCE_H_
