// Every call of the stages and of the record that touches a file fails once. What is on disk is then the old or the new
// state, the fault was reported, and taken up again the work ends with the bits of an uninterrupted run.
#include <filesystem>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fault_harness.h"
#include "tests/record_commits.h"
#include "tests/small_pipeline.h"

namespace baton {
namespace {

using Effect = Fault::Effect;

struct Kind {
  std::string name;
  Fault fault;
  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

// All but close: files_fault_test has it, and after a file was read it may fail unseen.
const std::set<FileOperation> kAll = {
    FileOperation::kOpen,          FileOperation::kWrite,           FileOperation::kReadAt, FileOperation::kSync,
    FileOperation::kRename,        FileOperation::kRenameExclusive, FileOperation::kLink,   FileOperation::kUnlink,
    FileOperation::kMakeDirectory, FileOperation::kRemoveDirectory, FileOperation::kStat,   FileOperation::kStatOpen,
    FileOperation::kList};
const std::set<FileOperation> kChanges = {
    FileOperation::kOpen,   FileOperation::kWrite,           FileOperation::kSync,
    FileOperation::kRename, FileOperation::kRenameExclusive, FileOperation::kLink,
    FileOperation::kUnlink, FileOperation::kMakeDirectory,   FileOperation::kRemoveDirectory};
const std::set<FileOperation> kTakeSpace = {FileOperation::kOpen, FileOperation::kWrite, FileOperation::kSync,
                                            FileOperation::kLink, FileOperation::kMakeDirectory};
const std::set<FileOperation> kTransfers = {FileOperation::kWrite, FileOperation::kReadAt};

std::vector<Kind> Kinds() {
  return {{"EIO", {.operations = kAll}},
          // Done, and the reply lost.
          {"EIOAfterwards", {.operations = kChanges, .effect = Effect::kReported}},
          {"ENOSPC", {.operations = kTakeSpace, .error = ENOSPC}},
          // Until somebody makes room.
          {"ENOSPCFromThereOn", {.operations = kTakeSpace, .sticky = true, .error = ENOSPC}},
          {"Torn", {.operations = kTransfers, .effect = Effect::kTorn}},
          {"Short", {.operations = kTransfers, .effect = Effect::kShort}}};
}

// A part of the calls each, so that shards can share them.
constexpr int kParts = 3;

class EveryCall : public testing::TestWithParam<std::tuple<Kind, int>> {
 protected:
  void Try(const Subject& subject) {
    const auto& [kind, part] = GetParam();
    const Result reference = ReferenceOf(subject);
    ASSERT_FALSE(reference.empty());
    const Trials trials = FailCalls(subject, reference, kind.fault, {1 + part, kParts});
    Report(testing::UnitTest::GetInstance()->current_test_info()->name(), trials);
    EXPECT_GT(trials.faults, 0);
    EXPECT_THAT(trials.problems, testing::IsEmpty());
  }
};

TEST_P(EveryCall, OfLoad) {
  const SmallPipeline pipeline;
  Try(pipeline.Load());
}

TEST_P(EveryCall, OfTrain) {
  const SmallPipeline pipeline;
  Try(pipeline.Train());
}

TEST_P(EveryCall, OfEvaluate) {
  const SmallPipeline pipeline;
  Try(pipeline.Evaluate());
}

TEST_P(EveryCall, OfCommits) {
  const std::string folder = NewFolder();
  Try(CountingSubject(folder, 5));
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Faults, EveryCall, testing::Combine(testing::ValuesIn(Kinds()), testing::Range(0, kParts)),
                         [](const auto& info) {
                           return absl::StrCat(std::get<0>(info.param).name, "_", std::get<1>(info.param));
                         });

}  // namespace
}  // namespace baton
