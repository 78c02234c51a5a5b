// Every call of the stages and of the record that touches a file fails once, and with it a later one. What is on disk
// is then the old or the new state, the fault was reported, and taken up again the work ends with the bits of an
// uninterrupted run.
#include <filesystem>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fault_harness.h"
#include "tests/pipeline_harness.h"
#include "tests/record_commits.h"
#include "tests/small_pipeline.h"

namespace baton {
namespace {

using Effect = Fault::Effect;

struct Kind {
  std::string name;
  Fault fault;
  Every every = {};
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

// In parts, so that micro-batches can share them.
std::vector<Kind> OneFault() {
  constexpr int kParts = 3;
  std::vector<Kind> parts;
  for (const auto& [name, fault] : std::vector<std::pair<std::string, Fault>>{
           {"EIO", {.operations = kAll}},
           // Done, and the reply lost.
           {"EIOAfterwards", {.operations = kChanges, .effect = Effect::kReported}},
           {"ENOSPC", {.operations = kTakeSpace, .error = ENOSPC}},
           // Until somebody makes room.
           {"ENOSPCFromThereOn", {.operations = kTakeSpace, .sticky = true, .error = ENOSPC}},
           {"Torn", {.operations = kTransfers, .effect = Effect::kTorn}},
           {"Short", {.operations = kTransfers, .effect = Effect::kShort}}}) {
    for (int part = 0; part < kParts; ++part) {
      parts.push_back({absl::StrCat(name, "_", part), fault, {1 + part, kParts}});
    }
  }
  return parts;
}

// After a call that changes something the next one of some kind, while the first one is cleaned up, recorded and
// reported.
Kind Then(const std::string& name, std::set<FileOperation> operations) {
  return {"EIOThen" + name, {.operations = kChanges, .then = std::move(operations)}};
}

std::vector<Kind> TwoFaults() {
  return {Then("Write", {FileOperation::kWrite}), Then("Sync", {FileOperation::kSync}),
          Then("Link", {FileOperation::kLink}), Then("Unlink", {FileOperation::kUnlink}),
          Then("Open", {FileOperation::kOpen})};
}

// Commits do neither of it after a fault.
std::vector<Kind> TwoFaultsOfStages() {
  return {Then("Rename", {FileOperation::kRename, FileOperation::kRenameExclusive}),
          Then("MakeDirectory", {FileOperation::kMakeDirectory})};
}

class EveryCall : public testing::TestWithParam<Kind> {
 protected:
  void Try(const Subject& subject) {
    const Result reference = ReferenceOf(subject);
    ASSERT_FALSE(reference.empty());
    const Trials trials = FailCalls(subject, reference, GetParam().fault, GetParam().every);
    Report(testing::UnitTest::GetInstance()->current_test_info()->name(), trials);
    EXPECT_GT(trials.faults, 0);
    EXPECT_THAT(trials.problems, testing::IsEmpty());
  }
};
class EveryCallOfCommits : public EveryCall {};

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

TEST_P(EveryCallOfCommits, OfCommits) {
  const std::string folder = NewFolder();
  Try(CountingSubject(folder, 5));
  std::filesystem::remove_all(folder);
}

// The control: what puts the old file back after a fault is wrong only if that fails too.
TEST(EveryCallControl, OnlyTwoFaultsFindACleanUpThatLosesTheFile) {
  const std::string folder = NewFolder(), file = folder + "/file";
  Subject subject;
  subject.folder = folder;
  subject.prepare = [&] { WriteText(file, "old"); };
  subject.work = [&](FileSystem& fs) {
    const absl::Status status = ReplaceFile(fs, file, "new");
    if (!status.ok()) {
      fs.Unlink(file);
      CreateFileExclusively(fs, file, "old").IgnoreError();
    }
    return status;
  };
  subject.find_torn = [&] {
    return std::filesystem::exists(file) ? std::vector<std::string>() : std::vector<std::string>{"the file is gone"};
  };
  subject.result = [&] { return Result{{"file", ReadText(file)}}; };
  const Result reference = ReferenceOf(subject);
  EXPECT_THAT(FailCalls(subject, reference, {.operations = kChanges}).problems, testing::IsEmpty());
  for (const Kind& kind : TwoFaults()) {
    if (kind.name == "EIOThenUnlink") continue;  // then the old file stays
    EXPECT_THAT(FailCalls(subject, reference, kind.fault).problems, testing::Contains(testing::HasSubstr("is gone")))
        << kind.name;
  }
  std::filesystem::remove_all(folder);
}

std::string NameOf(const testing::TestParamInfo<Kind>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(OneFault, EveryCall, testing::ValuesIn(OneFault()), NameOf);
INSTANTIATE_TEST_SUITE_P(TwoFaults, EveryCall, testing::ValuesIn(TwoFaults()), NameOf);
INSTANTIATE_TEST_SUITE_P(TwoFaultsOfStages, EveryCall, testing::ValuesIn(TwoFaultsOfStages()), NameOf);
INSTANTIATE_TEST_SUITE_P(OneFault, EveryCallOfCommits, testing::ValuesIn(OneFault()), NameOf);
INSTANTIATE_TEST_SUITE_P(TwoFaults, EveryCallOfCommits, testing::ValuesIn(TwoFaults()), NameOf);

}  // namespace
}  // namespace baton
