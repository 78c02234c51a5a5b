#ifndef BATON_METADATA_AMENDMENTS_H_
#define BATON_METADATA_AMENDMENTS_H_

#include <vector>

#include "metadata/metadata.pb.h"

namespace baton {

// Those that the recorded training went through on its way to its key, oldest first. A record may have others, of
// trainings that stood in it before. They point into `record`.
std::vector<const Amendment*> AmendmentsOfTraining(const Metadata& record);

}  // namespace baton

#endif  // BATON_METADATA_AMENDMENTS_H_
