// The power goes at every change that the stages and the record make to files, and what nobody had waited for is lost,
// kept or torn. What was said to be durable is there, what has its final name is whole, and taken up again the work
// ends with the bits of an uninterrupted run. And the controls: where a sync is left out or comes too late, the same
// trials find it.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/broken_sync.h"
#include "tests/fault_harness.h"
#include "tests/power_cut_file_system.h"
#include "tests/record_commits.h"
#include "tests/small_pipeline.h"

ABSL_DECLARE_FLAG(int, chances);

namespace baton {
namespace {

using Data = Survival::Data;
using Entries = Survival::Entries;

std::vector<Survival> Survivals() {
  std::vector<Survival> survivals = {{Data::kLost, Entries::kLost},
                                     {Data::kKept, Entries::kKept},
                                     {Data::kLost, Entries::kKept},
                                     {Data::kKept, Entries::kLost}};
  for (int i = 0; i < absl::GetFlag(FLAGS_chances); ++i) {
    survivals.push_back({Data::kTorn, Entries::kFirst, static_cast<uint64_t>(i)});
    survivals.push_back({Data::kTorn, Entries::kSome, static_cast<uint64_t>(i)});
  }
  return survivals;
}

// Commits of a record in a folder of its own.
class Commits {
 public:
  Commits() : folder_(NewFolder()) {}
  ~Commits() { std::filesystem::remove_all(folder_); }
  Subject Counting() const { return CountingSubject(folder_, 5); }

 private:
  const std::string folder_;
};

// A part of the cuts each, so that micro-batches can share them.
constexpr int kParts = 4;

class PowerCut : public testing::TestWithParam<int> {
 protected:
  void Try(const Subject& subject) {
    const Result reference = ReferenceOf(subject);
    ASSERT_FALSE(reference.empty());
    const Trials trials = CutPower(subject, reference, Survivals(), {1 + GetParam(), kParts});
    Report(testing::UnitTest::GetInstance()->current_test_info()->name(), trials);
    EXPECT_GT(trials.faults, 5);
    EXPECT_THAT(trials.problems, testing::IsEmpty());
    const Trials killed = KillAndCutPower(subject, reference, {1 + GetParam(), kParts});
    Report("killed before it", killed);
    EXPECT_GE(killed.faults, 5);
    EXPECT_THAT(killed.problems, testing::IsEmpty());
  }
};

TEST_P(PowerCut, InLoad) {
  const SmallPipeline pipeline;
  Try(pipeline.Load());
}

TEST_P(PowerCut, InTrain) {
  const SmallPipeline pipeline;
  Try(pipeline.Train());
}

TEST_P(PowerCut, InEvaluate) {
  const SmallPipeline pipeline;
  Try(pipeline.Evaluate());
}

TEST_P(PowerCut, InCommits) {
  const Commits commits;
  Try(commits.Counting());
}

INSTANTIATE_TEST_SUITE_P(Parts, PowerCut, testing::Range(0, kParts));

class Control : public testing::TestWithParam<BrokenSync::Kind> {
 protected:
  static std::vector<std::string> Problems(const Subject& subject) {
    const BrokenSync::Kind kind = GetParam();
    const Trials trials = CutPower(subject, ReferenceOf(subject), Survivals(), {}, [kind](const std::string& folder) {
      return std::make_unique<BrokenSync>(folder, kind);
    });
    Report(testing::UnitTest::GetInstance()->current_test_info()->name(), trials);
    return trials.problems;
  }
};

TEST_P(Control, IsFoundInLoad) {
  const SmallPipeline pipeline;
  EXPECT_THAT(Problems(pipeline.Load()), testing::Not(testing::IsEmpty()));
}

TEST_P(Control, IsFoundInTrain) {
  const SmallPipeline pipeline;
  EXPECT_THAT(Problems(pipeline.Train()), testing::Not(testing::IsEmpty()));
}

TEST_P(Control, IsFoundInEvaluate) {
  const SmallPipeline pipeline;
  EXPECT_THAT(Problems(pipeline.Evaluate()), testing::Not(testing::IsEmpty()));
}

TEST_P(Control, IsFoundInCommits) {
  const Commits commits;
  EXPECT_THAT(Problems(commits.Counting()), testing::Not(testing::IsEmpty()));
}

std::vector<std::string> ProblemsOfTrusting(const Subject& subject) {
  const Trials trials = KillAndCutPower(subject, ReferenceOf(subject), {},
                                        [](FileSystem& disk) { return std::make_unique<Trusting>(disk); });
  Report(testing::UnitTest::GetInstance()->current_test_info()->name(), trials);
  return trials.problems;
}

TEST(TakenForDurable, IsFound) {
  const SmallPipeline pipeline;
  for (const Subject& subject : {pipeline.Load(), pipeline.Train(), pipeline.Evaluate()}) {
    EXPECT_THAT(ProblemsOfTrusting(subject), testing::Not(testing::IsEmpty()));
  }
  const Commits commits;
  EXPECT_THAT(ProblemsOfTrusting(commits.Counting()), testing::Not(testing::IsEmpty()));
}

std::string Name(const testing::TestParamInfo<BrokenSync::Kind>& info) {
  constexpr const char* kNames[] = {"FilesNotSynced", "FoldersNotSynced", "SyncedAfterNaming"};
  return kNames[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Syncs, Control,
                         testing::Values(BrokenSync::Kind::kNoFiles, BrokenSync::Kind::kNoFolders,
                                         BrokenSync::Kind::kAfterNaming),
                         Name);

}  // namespace
}  // namespace baton
