#ifndef BATON_BASE_THIN_OUT_H_
#define BATON_BASE_THIN_OUT_H_

#include <cstddef>
#include <optional>
#include <vector>

namespace baton {

// Which of `count` points, in order, stand for all of them: those at a stride, the least power of two that leaves at
// most `most` (> 0) of them, the last one, and `best` (< count) if given. Ascending. As long as the stride stays, a
// longer list keeps what a shorter one had, but for its last and best.
std::vector<size_t> ThinOut(size_t count, size_t most, std::optional<size_t> best);

}  // namespace baton

#endif  // BATON_BASE_THIN_OUT_H_
