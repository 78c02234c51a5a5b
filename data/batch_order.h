#ifndef BATON_DATA_BATCH_ORDER_H_
#define BATON_DATA_BATCH_ORDER_H_

#include <cstdint>
#include <vector>

namespace baton {

// Which examples form which batch of training: a pure function of (seed, epoch, batch), so that any batch of any epoch
// can be had at once, in O(1) memory, and a position in the data is no more than two numbers. Each epoch holds every
// example once, in an order of its own; its last batch may be smaller. Thread-safe.
class BatchOrder {
 public:
  // `batch_size` > 0. `seed` is the configuration's.
  BatchOrder(uint64_t seed, uint64_t rows, uint64_t batch_size) : seed_(seed), rows_(rows), batch_size_(batch_size) {}

  // Batches in an epoch.
  uint64_t batches() const { return (rows_ + batch_size_ - 1) / batch_size_; }

  // The examples (0 .. rows - 1) of the batch `batch` < batches() of `epoch`, in their order.
  std::vector<int64_t> Batch(uint64_t epoch, uint64_t batch) const;

 private:
  const uint64_t seed_;
  const uint64_t rows_;
  const uint64_t batch_size_;
};

}  // namespace baton

#endif  // BATON_DATA_BATCH_ORDER_H_
