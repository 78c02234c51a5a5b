#include "metadata/random_id.h"

#include <sys/random.h>

#include <array>

#include "absl/strings/escaping.h"
#include "glog/logging.h"

namespace baton {

std::string RandomHex(int bytes) {
  std::array<char, 256> buffer;
  // Up to 256 bytes are given whole, and not interrupted (getrandom(2)).
  CHECK_EQ(getrandom(buffer.data(), bytes, 0), bytes);
  return absl::BytesToHexString(absl::string_view(buffer.data(), bytes));
}

}  // namespace baton
