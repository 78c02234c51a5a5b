#ifndef BATON_METADATA_SHOW_H_
#define BATON_METADATA_SHOW_H_

#include <string>

#include "metadata/metadata.pb.h"

namespace baton {

// A record as a page for people: section by section, what is absent left out, stale sections marked. Not meant to be
// parsed; programs read the JSON.
std::string ShowRecord(const Metadata& record);

}  // namespace baton

#endif  // BATON_METADATA_SHOW_H_
