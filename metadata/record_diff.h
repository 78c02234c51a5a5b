#ifndef BATON_METADATA_RECORD_DIFF_H_
#define BATON_METADATA_RECORD_DIFF_H_

#include <vector>

#include "metadata/field_change.h"
#include "metadata/metadata.pb.h"

namespace baton {

// All differences, by topic, within one in the order of metadata.proto, of a list first the elements that both have.
// Elements of lists are compared by their key: attempts by attempt_id (by their place between two runs, whose attempts
// never have the same), artifacts by path, key inputs, columns and splits by name; epochs by their place. Of a message
// that is on one side only, each field is told. The number and the seals of the generations are left out.
std::vector<FieldChange> DiffRecords(const Metadata& before, const Metadata& after);

}  // namespace baton

#endif  // BATON_METADATA_RECORD_DIFF_H_
