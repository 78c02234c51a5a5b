#include "state/staging.h"

#include <string>
#include <thread>
#include <vector>

#include "base/testing/status_matchers.h"
#include "state/test_state.h"

#include "third_party/torch_begin.h"

#include <ATen/ops/arange.h>

#include "third_party/torch_end.h"

namespace baton {
namespace {

using ::testing::HasSubstr;

absl::Status CopyInto(const State& state, State& staged) {
  absl::StatusOr<std::vector<CopyPiece>> pieces = BeginCopy(state, staged);
  if (pieces.ok()) SharedCopy(*std::move(pieces)).Finish();
  return pieces.status();
}

std::vector<const void*> Addresses(const State& state) {
  std::vector<const void*> addresses;
  for (const TensorGroup& group : state.groups) addresses.push_back(group.tensors.flat().const_data_ptr());
  return addresses;
}

TEST(Staging, HoldsAllOfAStateInMemoryOfItsOwnThatStays) {
  State state = TestState(8);
  State staged = MakeStaging(state);
  const std::vector<const void*> before = Addresses(staged);
  EXPECT_NE(before, Addresses(state));
  ASSERT_THAT(CopyInto(state, staged), IsOk());
  EXPECT_TRUE(Identical(staged, TestState(8)));
  EXPECT_EQ(staged.environment.SerializeAsString(), state.environment.SerializeAsString());

  // Another step, with less in it in places.
  double value = 0.5;
  for (const TensorGroup& group : state.groups) group.tensors.flat().fill_(value++);
  state.history = History();
  state.progress.Clear();
  state.progress.set_step_index(9);
  state.environment.Clear();
  state.vocabulary.clear();
  state.attachments = {{"other.txt", "x"}};
  ASSERT_THAT(CopyInto(state, staged), IsOk());
  EXPECT_TRUE(Identical(staged, state));
  EXPECT_EQ(staged.environment.ByteSizeLong(), 0);
  EXPECT_EQ(Addresses(staged), before);
}

// As vectors, and what is left of them; in one piece, and in several of which the last is short.
TEST(Staging, TensorsOfAnySizeAreCopiedWhole) {
  std::vector<int64_t> sizes = {32'768, 32'769, 100'003};
  for (int64_t size = 1; size < 40; ++size) sizes.push_back(size);
  for (const int64_t size : sizes) {
    State state = TestState(8);
    state.groups.push_back({"padding", Flatten({{"weights", at::arange(size, at::kFloat)}}).value()});
    State staged = MakeStaging(state);
    ASSERT_THAT(CopyInto(state, staged), IsOk());
    EXPECT_TRUE(Identical(staged, state)) << size;
  }
}

// The last piece is the longest by far: whoever does not copy it would be back long before its last byte is there.
TEST(Staging, EachOfTheThreadsThatCopyTogetherReturnsWhenAllIsCopied) {
  constexpr size_t kShort = 1 << 20, kShortOnes = 4, kLong = 8 << 20;
  std::string from(kShortOnes * kShort + kLong, '\0');
  for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<char>(1 + i % 251);
  for (int round = 0; round < 10; ++round) {
    std::string to(from.size(), '\0');
    std::vector<CopyPiece> pieces;
    for (size_t i = 0; i <= kShortOnes; ++i) {
      pieces.push_back({from.data() + i * kShort, to.data() + i * kShort, i < kShortOnes ? kShort : kLong});
    }
    SharedCopy copy(std::move(pieces));
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        copy.Finish();
        EXPECT_EQ(to.back(), from.back());
        EXPECT_TRUE(to == from) << "some byte differs";
      });
    }
    for (std::thread& thread : threads) thread.join();
    copy.Finish();  // nothing is left
  }
}

TEST(Staging, OtherTensorsAreRefused) {
  const State state = TestState(8);
  const auto refused = [&](const State& other, absl::string_view what) {
    State staged = MakeStaging(state);
    EXPECT_THAT(CopyInto(other, staged), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what)));
  };
  refused(TestState(8), "model");  // the same names and shapes, but another layout
  State other = state;
  RemoveGroup(other, kAverageGroup);
  refused(other, "6 groups instead of 7");
  other = state;
  other.groups.back().name = "optimizer/momentum";
  refused(other, "optimizer/momentum");
  other = state;
  std::swap(other.groups[5], other.groups[6]);
  refused(other, "optimizer/exp_avg_sq");
}

}  // namespace
}  // namespace baton
