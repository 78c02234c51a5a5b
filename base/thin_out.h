#ifndef BATON_BASE_THIN_OUT_H_
#define BATON_BASE_THIN_OUT_H_

#include <cstddef>
#include <optional>
#include <vector>

namespace baton {

// Which of `count` points, in order, stand for all of them: those at a stride that is the least power of two with which
// they are at most `most` (> 0), the last one, and `best` (< count) if given. Ascending. As long as the stride stays, a
// longer list keeps what a shorter one had, but for its last and best.
std::vector<size_t> ThinOut(size_t count, size_t most, std::optional<size_t> best);

}  // namespace baton

#endif  // BATON_BASE_THIN_OUT_H_
