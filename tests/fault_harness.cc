#include "tests/fault_harness.h"

#include <algorithm>
#include <iostream>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/files.h"
#include "gtest/gtest.h"
#include "tests/fault_trial.h"

namespace baton {
namespace {

bool IsOfDigestCache(const FaultyFileSystem::Call& call) {
  return absl::StrContains(call.path, "/cache/") || absl::EndsWith(call.path, "/cache");
}

using Calls = std::vector<FaultyFileSystem::Call>;

// Whether `hit`, one of the calls, failed and does not have to be reported.
bool IsHarmless(const Calls& calls, Calls::const_iterator hit) {
  // The digest cache only saves time. Before it is written it looks at the files that it knows; its folder is looked
  // at or made, and then synced in the one above.
  const auto next = std::find_if(hit, calls.end(), [](const auto& call) {
    return call.operation != FileOperation::kStat || IsOfDigestCache(call);
  });
  if (IsOfDigestCache(*hit) || (next != calls.end() && next != hit && IsOfDigestCache(*next))) return true;
  for (auto call = hit; call != calls.begin() && hit - call < 3;) {
    --call;
    const bool is_made = call->operation == FileOperation::kMakeDirectory || call->operation == FileOperation::kStat;
    if (is_made && IsOfDigestCache(*call)) return true;
  }
  // A temporary file that stays is removed by the next run, or is in nobody's way.
  if (hit->operation == FileOperation::kUnlink && absl::StartsWith(BaseName(hit->path), ".tmp-")) return true;
  if (ChangingOperations().contains(hit->operation)) return false;
  // A configuration that cannot be read for comparison is written anew.
  if (absl::EndsWith(hit->path, "/config.textproto")) return true;
  // The generation before the newest one of a record is only looked at to check the chain. The log tells of it.
  return absl::StrContains(hit->path, "/metadata/0");
}

// Whether none of the calls that were hit has to be reported.
bool AreHarmless(const Calls& calls) {
  for (auto call = calls.begin(); call != calls.end(); ++call) {
    if (call->faulty && !IsHarmless(calls, call)) return false;
  }
  return true;
}

// "call 3, write of a, then unlink of b".
std::string DescribeFaults(int at, const Calls& calls) {
  std::vector<std::string> faults;
  for (const FaultyFileSystem::Call& call : calls) {
    if (call.faulty && faults.size() < 3) faults.push_back(Describe(call));
  }
  return faults.empty() ? "without a fault" : absl::StrCat("call ", at, ", ", absl::StrJoin(faults, ", then "));
}

}  // namespace

Result ReferenceOf(const Subject& subject) {
  subject.prepare();
  TestedFileSystem fs;
  const absl::Status status = subject.work(fs);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(subject.find_torn(), std::vector<std::string>());
  return subject.result();
}

Trials FailCalls(const Subject& subject, const Result& reference, Fault fault, Every every) {
  Trials trials;
  fault.path = subject.folder;
  for (fault.at = every.first; trials.problems.size() < kMaxProblems; fault.at += every.stride) {
    subject.prepare();
    TestedFileSystem fs;
    fs.Inject(fault);
    const absl::Status status = subject.work(fs);
    const std::optional<FaultyFileSystem::Call> hit = fs.Hit();
    // What one fault alone does is for trials without a second one.
    if (hit && !fault.then.empty() && fs.faults() < 2) continue;
    Examination examination(subject, reference, DescribeFaults(fault.at, fs.calls()), trials);
    examination.ExpectWhole();
    if (status.ok()) examination.ExpectDone("done");
    if (!hit) break;
    ++trials.faults;
    ++trials.operations[Name(hit->operation)];
    // Half a write or read is none: it is gone on with.
    if (fault.effect == Fault::Effect::kShort) {
      if (!status.ok()) examination.Problem("stopped by it: " + status.ToString());
    } else if (status.ok() && AreHarmless(fs.calls())) {
      ++trials.harmless;
    } else if (status.ok()) {
      examination.Problem("it was not reported");
    }
    examination.TakeUpAgain();
  }
  return trials;
}

std::vector<std::string> DifferingParts(const Result& a, const Result& b) {
  std::vector<std::string> parts;
  for (const auto& [name, content] : a) {
    const auto found = b.find(name);
    if (found == b.end() || found->second != content) parts.push_back(name);
  }
  for (const auto& [name, content] : b) {
    if (a.count(name) == 0) parts.push_back(name);
  }
  return parts;
}

void Report(const std::string& what, const Trials& trials) {
  const std::string operations = absl::StrJoin(trials.operations, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.second, " ", entry.first);
  });
  std::cout << what << ": " << trials.faults << " faults (" << operations << "), " << trials.harmless
            << " of them harmless and not reported; taken up again " << trials.resumptions << " times; "
            << trials.problems.size() << " problems" << std::endl;
  testing::Test::RecordProperty("faults", trials.faults);
  testing::Test::RecordProperty("resumptions", trials.resumptions);
}

}  // namespace baton
