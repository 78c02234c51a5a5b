#ifndef BATON_DATA_BATCH_ORDER_H_
#define BATON_DATA_BATCH_ORDER_H_

#include <cstdint>
#include <vector>

namespace baton {

// In which order each epoch takes the examples: a pure function of (seed, epoch, position), so that any part of any
// epoch can be had at once, in O(1) memory, and a position in the data is no more than two numbers. Each epoch holds
// every example once, in an order of its own. Thread-safe.
class BatchOrder {
 public:
  // `seed` is the configuration's.
  BatchOrder(uint64_t seed, uint64_t examples) : seed_(seed), examples_(examples) {}

  // The examples (0 .. examples - 1) at the positions begin .. end - 1 of `epoch`, or up to its end.
  std::vector<int64_t> Examples(uint64_t epoch, uint64_t begin, uint64_t end) const;

 private:
  const uint64_t seed_;
  const uint64_t examples_;
};

}  // namespace baton

#endif  // BATON_DATA_BATCH_ORDER_H_
