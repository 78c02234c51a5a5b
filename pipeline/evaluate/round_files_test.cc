#include "pipeline/evaluate/round_files.h"

#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "base/seal.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "base/testing/temporary_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

BootstrapRound Round(uint32_t number) {
  BootstrapRound round;
  round.set_round(number);
  round.add_predictions(0.5);
  round.add_predictions(-1e300);
  round.set_steps(12);
  round.set_chosen_step(9);
  return round;
}

class RoundFilesTest : public testing::Test {
 protected:
  std::string File() const { return folder_.path() + "/rounds/k/round-000007.binpb"; }
  std::string Aside() const { return File() + ".damaged"; }

  FileSystem& fs_ = Unsynced::Get();
  const TemporaryFolder folder_;
  RoundFiles files_{fs_, folder_.path() + "/rounds/k", "k", 2};
};

TEST_F(RoundFilesTest, WhatIsWrittenIsRead) {
  ASSERT_OK_AND_ASSIGN(const std::optional<BootstrapRound> none, files_.Read(7));
  EXPECT_FALSE(none.has_value());
  ASSERT_THAT(files_.Prepare(), IsOk());
  ASSERT_THAT(files_.Write(Round(7)), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::optional<BootstrapRound> round, files_.Read(7));
  ASSERT_TRUE(round.has_value());
  EXPECT_THAT(round->predictions(), ElementsAre(0.5, -1e300));
  EXPECT_EQ(round->steps(), 12);
  EXPECT_EQ(round->chosen_step(), 9);
  EXPECT_EQ(round->key(), "k");
}

TEST_F(RoundFilesTest, EveryChangedBitIsFoundAndTheFileSetAside) {
  ASSERT_THAT(files_.Prepare(), IsOk());
  ASSERT_THAT(files_.Write(Round(7)), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadFile(fs_, File()));
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_THAT(ReplaceFile(fs_, File(), damaged), IsOk());
    ASSERT_OK_AND_ASSIGN(const std::optional<BootstrapRound> round, files_.Read(7));
    ASSERT_FALSE(round.has_value()) << bit;
    ASSERT_TRUE(std::filesystem::remove(Aside())) << bit;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_THAT(ReplaceFile(fs_, File(), bytes.substr(0, size)), IsOk());
    ASSERT_OK_AND_ASSIGN(const std::optional<BootstrapRound> round, files_.Read(7));
    ASSERT_FALSE(round.has_value()) << size;
    ASSERT_TRUE(std::filesystem::remove(Aside())) << size;
  }
}

// Intact, and not what belongs there.
TEST_F(RoundFilesTest, ARoundOfSomethingElseIsNotTaken) {
  ASSERT_THAT(files_.Prepare(), IsOk());
  const auto taken = [this](BootstrapRound round) {
    EXPECT_THAT(ReplaceFile(fs_, File(), Seal(round)), IsOk());
    const auto read = files_.Read(7);
    EXPECT_THAT(read, IsOk());
    const bool aside = std::filesystem::remove(Aside());
    EXPECT_NE(aside, read->has_value());
    return read->has_value();
  };
  BootstrapRound round = Round(7);
  round.set_key("k");
  round.set_format_version(1);
  EXPECT_TRUE(taken(round));
  round.set_round(8);
  EXPECT_FALSE(taken(round));
  round.set_round(7);
  round.set_key("j");
  EXPECT_FALSE(taken(round));
  round.set_key("k");
  round.set_predictions(1, NAN);
  EXPECT_FALSE(taken(round));
  round.set_predictions(1, 1);
  round.add_predictions(2);
  EXPECT_FALSE(taken(round));
  // Left alone: that program still needs it.
  round.set_format_version(2);
  ASSERT_THAT(ReplaceFile(fs_, File(), Seal(round)), IsOk());
  EXPECT_THAT(files_.Read(7), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a newer Baton wrote it")));
  EXPECT_TRUE(std::filesystem::exists(File()));
}

TEST_F(RoundFilesTest, TheWriterWritesAllInTheBackground) {
  ASSERT_THAT(files_.Prepare(), IsOk());
  {
    RoundWriter writer(files_);
    for (uint32_t number = 0; number < 20; ++number) ASSERT_THAT(writer.Add(Round(number)), IsOk());
    EXPECT_THAT(writer.Finish(), IsOk());
    ASSERT_OK_AND_ASSIGN(const auto last, files_.Read(19));
    EXPECT_TRUE(last.has_value());
    ASSERT_THAT(writer.Add(Round(20)), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const auto late, files_.Read(20));
  EXPECT_TRUE(late.has_value()) << "the destructor waits";
}

TEST_F(RoundFilesTest, AWriteThatFailsIsTold) {
  // The folder is not there.
  RoundWriter writer(files_);
  ASSERT_THAT(writer.Add(Round(0)), IsOk());
  EXPECT_THAT(writer.Finish(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("rounds/k")));
  EXPECT_THAT(writer.Add(Round(1)), StatusIs(absl::StatusCode::kNotFound, HasSubstr("rounds/k")));
}

}  // namespace
}  // namespace baton
