#include "state/history.h"

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using testing::HasSubstr;

Measurement Nth(size_t n) {
  Measurement measurement;
  measurement.set_step_index(10 * (n + 1));
  measurement.set_validation_loss(1.0 / static_cast<double>(n + 1));
  // Several keys, whose order in the map is not that of insertion.
  for (const char* const name : {"recall", "accuracy", "f1"}) (*measurement.mutable_validation_metrics())[name] = n;
  return measurement;
}

History Of(size_t count) {
  History history;
  for (size_t i = 0; i < count; ++i) history.Add(Nth(i));
  return history;
}

TEST(History, HoldsWhatWasAddedInOrder) {
  EXPECT_TRUE(History().empty());
  for (const size_t count : {1, 255, 256, 257, 512, 513, 1000}) {
    const History history = Of(count);
    ASSERT_EQ(history.size(), count);
    EXPECT_EQ(history.segments().size(), (count - 1) / 256) << "what comes behind them is never empty";
    EXPECT_EQ(history.back().step_index(), 10 * count);
    size_t n = 0;
    for (const Measurement& measurement : history) {
      ASSERT_EQ(measurement.step_index(), 10 * (n + 1));
      ASSERT_EQ(history[n].step_index(), 10 * (n + 1));
      ++n;
    }
    EXPECT_EQ(n, count);
  }
}

TEST(History, CopiesShareAndDoNotSeeWhatIsAddedLater) {
  History history = Of(600);
  const History copy = history;
  for (size_t i = 600; i < 900; ++i) history.Add(Nth(i));
  EXPECT_EQ(copy.size(), 600);
  EXPECT_TRUE(copy == Of(600));
  EXPECT_TRUE(history == Of(900));
  for (size_t i = 0; i < 600; ++i) EXPECT_TRUE(i >= 512 || &history[i] == &copy[i]) << i;
}

TEST(History, EqualAreAllBits) {
  EXPECT_TRUE(Of(300) == Of(300));
  EXPECT_FALSE(Of(300) == Of(301));
  for (const size_t place : {0, 255, 256, 299}) {
    History other;
    for (size_t i = 0; i < 300; ++i) {
      Measurement measurement = Nth(i);
      if (i == place) measurement.set_validation_loss(-0.0);
      other.Add(measurement);
    }
    EXPECT_FALSE(Of(300) == other) << place;
    const auto differences = DifferentMeasurements(Of(300), other, 5);
    ASSERT_EQ(differences.size(), 1);
    EXPECT_EQ(differences[0].field, absl::StrCat("history[", place, "].validation_loss"));
  }
}

TEST(DifferentMeasurements, NamesTheFirst) {
  const auto differences = DifferentMeasurements(Of(2), Of(5), 2);
  ASSERT_EQ(differences.size(), 2);
  EXPECT_EQ(differences[0].field, "history[2]");
  EXPECT_EQ(differences[0].a, std::nullopt);
  EXPECT_THAT(differences[0].b.value(), HasSubstr("step_index: 30"));
}

TEST(Segment, IsOneFileAlwaysTheSame) {
  const History history = Of(257);
  const std::string bytes = SegmentBytes(history.segments()[0]->measurements);
  EXPECT_EQ(bytes.size(), history.segments()[0]->size_bytes);
  EXPECT_EQ(Of(300).segments()[0]->xxh3, history.segments()[0]->xxh3);
  ASSERT_OK_AND_ASSIGN(const std::vector<Measurement> read, ParseSegment(bytes, "name"));
  EXPECT_EQ(SegmentBytes(read), bytes);
  std::string flipped = bytes;
  flipped[100] ^= 1;
  EXPECT_THAT(ParseSegment(flipped, "name"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("name")));
  EXPECT_THAT(ParseSegment(SegmentBytes({Nth(0)}), "name"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("has 1 measurements, expected 256")));
}

}  // namespace
}  // namespace baton
