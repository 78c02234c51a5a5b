#ifndef BATON_STATE_HISTORY_H_
#define BATON_STATE_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/history.pb.h"
#include "base/message_difference.h"

namespace baton {

// All measurements of a training, oldest first. Full segments of it never change again, and copies share them: a copy
// takes one pointer for each. Snapshots share their files: a snapshot takes one link and one small read for each. Not
// thread-safe; copies may be used by different threads.
class History {
 public:
  // Measurements of a segment.
  static constexpr size_t kSegmentSize = 256;

  // A full segment, with size and XXH3-128 of the file that holds it.
  struct Segment {
    std::vector<Measurement> measurements;
    uint64_t size_bytes = 0;
    std::string xxh3;
  };

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Measurement;
    using difference_type = std::ptrdiff_t;
    using pointer = const Measurement*;
    using reference = const Measurement&;

    Iterator() = default;
    Iterator(const History* history, size_t index) : history_(history), index_(index) {}
    reference operator*() const { return (*history_)[index_]; }
    pointer operator->() const { return &(*history_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) { return {history_, index_++}; }
    bool operator==(const Iterator&) const = default;

   private:
    const History* history_ = nullptr;
    size_t index_ = 0;
  };

  void Add(Measurement measurement);

  size_t size() const { return segments_.size() * kSegmentSize + tail_.size(); }
  bool empty() const { return tail_.empty(); }
  const Measurement& operator[](size_t i) const {
    const size_t segment = i / kSegmentSize;
    return segment < segments_.size() ? segments_[segment]->measurements[i % kSegmentSize]
                                      : *tail_[i - segments_.size() * kSegmentSize];
  }
  // There must be one.
  const Measurement& back() const { return *tail_.back(); }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

  // The parts: what comes behind the full segments is never empty where there is anything, and no more than one.
  const std::vector<std::shared_ptr<const Segment>>& segments() const { return segments_; }
  size_t sealed() const { return segments_.size() * kSegmentSize; }

 private:
  std::vector<std::shared_ptr<const Segment>> segments_;
  std::vector<std::shared_ptr<const Measurement>> tail_;
};

// The same measurements, bit for bit.
bool operator==(const History& a, const History& b);

// By field, e.g. "history[3].train_loss": at most the first `most` measurements that differ, all fields of each.
std::vector<MessageFieldDifference> DifferentMeasurements(const History& a, const History& b, size_t most);

// The bytes of the file that holds a full segment, a sealed HistorySegment: always the same for the same measurements.
std::string SegmentBytes(const std::vector<Measurement>& measurements);
// DataLoss if it is not that; `name` is the file's, for the text.
absl::StatusOr<std::vector<Measurement>> ParseSegment(absl::string_view bytes, absl::string_view name);

}  // namespace baton

#endif  // BATON_STATE_HISTORY_H_
