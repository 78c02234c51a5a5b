#ifndef BATON_METADATA_RANDOM_ID_H_
#define BATON_METADATA_RANDOM_ID_H_

#include <string>

namespace baton {

// `bytes` (at most 256) random bytes of the kernel as lower-case hexadecimal: names for runs and attempts, which no
// result depends on.
std::string RandomHex(int bytes);

}  // namespace baton

#endif  // BATON_METADATA_RANDOM_ID_H_
