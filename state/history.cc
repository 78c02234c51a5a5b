#include "state/history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "state/state.pb.h"

namespace baton {
namespace {

// The entries of a map in the order of their keys.
std::string Serialized(const Measurement& measurement) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream output(&stream);
  output.SetSerializationDeterministic(true);
  measurement.SerializeToCodedStream(&output);
  output.Trim();
  return bytes;
}

}  // namespace

void History::Add(Measurement measurement) {
  if (tail_.size() == kSegmentSize) {
    Segment segment;
    for (const auto& earlier : tail_) segment.measurements.push_back(*earlier);
    const std::string bytes = SegmentBytes(segment.measurements);
    segment.size_bytes = bytes.size();
    segment.xxh3 = Xxh3Hex(bytes);
    segments_.push_back(std::make_shared<const Segment>(std::move(segment)));
    tail_.clear();
  }
  tail_.push_back(std::make_shared<const Measurement>(std::move(measurement)));
}

bool operator==(const History& a, const History& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.segments().size(); ++i) {
    if (a.segments()[i] != b.segments()[i] && a.segments()[i]->xxh3 != b.segments()[i]->xxh3) return false;
  }
  for (size_t i = a.sealed(); i < a.size(); ++i) {
    if (&a[i] != &b[i] && Serialized(a[i]) != Serialized(b[i])) return false;
  }
  return true;
}

std::vector<MessageFieldDifference> DifferentMeasurements(const History& a, const History& b, size_t most) {
  std::vector<MessageFieldDifference> differences;
  size_t differing = 0;
  const auto is_there = [](const History& history, size_t i) { return i < history.size(); };
  for (size_t i = 0; i < std::max(a.size(), b.size()) && differing < most; ++i) {
    const std::string name = absl::StrCat("history[", i, "]");
    if (!is_there(a, i) || !is_there(b, i)) {
      const std::string text = absl::StrCat("{", (is_there(a, i) ? a : b)[i].ShortDebugString(), "}");
      differences.push_back({name, is_there(a, i) ? std::optional(text) : std::nullopt,
                             is_there(b, i) ? std::optional(text) : std::nullopt});
      ++differing;
      continue;
    }
    if (&a[i] == &b[i] || Serialized(a[i]) == Serialized(b[i])) continue;
    ++differing;
    for (MessageFieldDifference& field : DifferentFields(a[i], b[i])) {
      field.field = absl::StrCat(name, ".", field.field);
      differences.push_back(std::move(field));
    }
  }
  return differences;
}

std::string SegmentBytes(const std::vector<Measurement>& measurements) {
  HistorySegment segment;
  segment.mutable_measurements()->Add(measurements.begin(), measurements.end());
  return Seal(segment);
}

absl::StatusOr<std::vector<Measurement>> ParseSegment(absl::string_view bytes, absl::string_view name) {
  HistorySegment segment;
  RETURN_IF_ERROR(Unseal(bytes, name, segment));
  if (segment.measurements_size() != History::kSegmentSize) {
    return absl::DataLossError(
        absl::StrCat(name, " has ", segment.measurements_size(), " measurements, expected ", History::kSegmentSize));
  }
  return std::vector<Measurement>(segment.measurements().begin(), segment.measurements().end());
}

}  // namespace baton
