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
  std::vector<const void*> addresses = {state.model.flat().const_data_ptr(), state.ema->flat().const_data_ptr()};
  for (const auto& [name, tensor] : state.criterion) addresses.push_back(tensor.const_data_ptr());
  for (const auto& [slot, tensors] : state.optimizer) addresses.push_back(tensors.flat().const_data_ptr());
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
  state.model.views()[0].fill_(0.5);
  state.ema->flat().fill_(-1);
  state.criterion[0].second.fill_(3);
  state.optimizer[1].second.flat().fill_(7);
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
    state.criterion = {{"weights", at::arange(size, at::kFloat)}};
    State staged = MakeStaging(state);
    ASSERT_THAT(CopyInto(state, staged), IsOk());
    EXPECT_TRUE(Identical(staged, state)) << size;
  }
}

TEST(Staging, TensorsThatAreNotContiguousAreCopiedByValue) {
  State state = TestState(8);
  state.criterion = {{"matrix", at::arange(6, at::kFloat).view({2, 3}).t()}};
  State staged = MakeStaging(state);
  ASSERT_THAT(CopyInto(state, staged), IsOk());
  EXPECT_TRUE(staged.criterion[0].second.is_contiguous());
  EXPECT_TRUE(staged.criterion[0].second.equal(state.criterion[0].second));
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
  other.ema.reset();
  refused(other, "average");
  other = state;
  other.criterion.clear();
  refused(other, "criterion");
  other = state;
  other.criterion[0].second = at::tensor({1.0, 2.5});
  refused(other, "class_weights");
  other = state;
  other.optimizer[1].first = "momentum";
  refused(other, "momentum");
  other = state;
  other.optimizer.pop_back();
  refused(other, "optimizer");
}

}  // namespace
}  // namespace baton
