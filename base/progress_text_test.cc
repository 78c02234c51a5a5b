#include "base/progress_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::HasSubstr;
using testing::Not;

ProgressState State() {
  return {
      .title = "train", .unit = "steps", .total = 1000, .first = 0, .done = 420, .seconds = 33.6, .detail = "loss 1"};
}

// 420 / 33.6 = 12.5; 580 / 12.5 = 46.4.
TEST(ProgressLine, SaysAll) {
  EXPECT_EQ(ProgressLine(State()), "train: 42% (420/1000 steps), 12.5/s, ETA 0:46, loss 1");
}

// 20 in 10 s, and 580 to go: 290 s.
TEST(ProgressLine, RateAndEtaLeaveOutWhatWasDoneBefore) {
  ProgressState state = State();
  state.first = 400;
  state.seconds = 10;
  EXPECT_EQ(ProgressLine(state), "train: 42% (420/1000 steps), 2/s, ETA 4:50, loss 1");
}

TEST(ProgressLine, LeavesOutWhatIsNotKnown) {
  ProgressState state = State();
  state.first = 420;
  state.detail = "";
  EXPECT_EQ(ProgressLine(state), "train: 42% (420/1000 steps)");
  state = State();
  state.total = 0;
  EXPECT_EQ(ProgressLine(state), "train: 420 steps, 12.5/s, loss 1");
}

TEST(ProgressLine, HundredPercentIsAllAndNoMore) {
  ProgressState state = State();
  state.done = 999;
  EXPECT_THAT(ProgressLine(state), HasSubstr(" 99% "));
  state.done = 1000;
  EXPECT_EQ(ProgressLine(state), "train: 100% (1000/1000 steps), 29.8/s, loss 1");
  state.done = 1100;
  EXPECT_THAT(ProgressLine(state), HasSubstr(" 100% (1100/1000 steps)"));
}

TEST(ProgressLine, RatesAndDurationsOfAllSizes) {
  ProgressState state = State();
  state.total = 1'000'000;
  state.first = 0;
  const auto line = [&](uint64_t done, double seconds) {
    state.done = done;
    state.seconds = seconds;
    return ProgressLine(state);
  };
  EXPECT_THAT(line(500'000, 1), HasSubstr("500000/s, ETA 0:01,"));
  // 500,000 at 100 a second: 5,000 s.
  EXPECT_THAT(line(500'000, 5000), HasSubstr("100/s, ETA 1:23:20,"));
  // 999,999 at 1 in 8 s: 7,999,992 s are 92 days and 51,192 s.
  EXPECT_THAT(line(1, 8), HasSubstr("0.125/s, ETA 92d 14:13:12,"));
}

TEST(ProgressBar, FitsAndShowsTheShare) {
  // 10 characters before the bar, 5 around it, 40 behind it; 42% of 20 rounded down are 8.
  EXPECT_EQ(ProgressBar(State(), 75), "train  42% [########------------]  420/1000 steps  12.5/s  ETA 0:46  loss 1");
  EXPECT_EQ(ProgressBar(State(), 200),
            "train  42% [################------------------------]  420/1000 steps  12.5/s  ETA 0:46  loss 1");
  EXPECT_EQ(ProgressBar(State(), 60), "train  42%  420/1000 steps  12.5/s  ETA 0:46  loss 1");
  EXPECT_EQ(ProgressBar(State(), 20), "train  42%  420/1000");
  EXPECT_EQ(ProgressBar(State(), 0), "");
  for (int columns = 0; columns < 120; ++columns) EXPECT_LE(ProgressBar(State(), columns).size(), columns);
}

TEST(ProgressBar, WithoutTotalHasNoBar) {
  ProgressState state = State();
  state.total = 0;
  EXPECT_EQ(ProgressBar(state, 100), "train  420 steps  12.5/s  loss 1");
  EXPECT_THAT(ProgressBar(state, 100), Not(HasSubstr("%")));
}

}  // namespace
}  // namespace baton
