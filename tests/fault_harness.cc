#include "tests/fault_harness.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/files.h"
#include "base/random.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

// More of them say nothing new.
constexpr size_t kMaxProblems = 5;

// Those after which another state of the disk is possible. Not open: what it makes is seen by the write after it.
const std::set<FileOperation>& Changes() {
  static const auto* const changes = new std::set<FileOperation>{
      FileOperation::kWrite, FileOperation::kSync,   FileOperation::kRename,        FileOperation::kRenameExclusive,
      FileOperation::kLink,  FileOperation::kUnlink, FileOperation::kMakeDirectory, FileOperation::kRemoveDirectory};
  return *changes;
}

std::string Name(FileOperation operation) {
  static constexpr const char* kNames[] = {"open", "write",  "read",  "fsync", "close", "rename", "rename",
                                           "link", "unlink", "mkdir", "rmdir", "stat",  "fstat",  "list"};
  return kNames[static_cast<int>(operation)];
}

std::string Describe(const FaultyFileSystem::Call& call) {
  return absl::StrCat(Name(call.operation), " of ", call.path, call.other.empty() ? "" : " to ", call.other);
}

// The files of the test's process, with a fault. The program that an attempt's record names is a large one here, whose
// digest would take longer than all the rest: it is seen empty.
class TestedFileSystem : public FaultyFileSystem {
 public:
  using FaultyFileSystem::FaultyFileSystem;
  int Open(const std::string& path, int flags, mode_t mode) override {
    return FaultyFileSystem::Open(path == "/proc/self/exe" ? "/dev/null" : path, flags, mode);
  }
  // The first call that was hit.
  std::optional<Call> Hit() const {
    for (const Call& call : calls()) {
      if (call.faulty) return call;
    }
    return std::nullopt;
  }
};

bool IsOfDigestCache(const FaultyFileSystem::Call& call) {
  return absl::StrContains(call.path, "/cache/") || absl::EndsWith(call.path, "/cache");
}

// Whether the first call that was hit does not have to be reported.
bool IsHarmless(const std::vector<FaultyFileSystem::Call>& calls) {
  const auto hit = std::find_if(calls.begin(), calls.end(), [](const auto& call) { return call.faulty; });
  // The digest cache only saves time. Before it is written it looks at the files that it knows; its folder is made,
  // and then synced in the one above.
  const auto next =
      std::find_if(hit, calls.end(), [](const auto& call) { return call.operation != FileOperation::kStat; });
  if (IsOfDigestCache(*hit) || (next != calls.end() && next != hit && IsOfDigestCache(*next))) return true;
  for (auto call = hit; call != calls.begin() && hit - call < 3;) {
    --call;
    if (call->operation == FileOperation::kMakeDirectory && IsOfDigestCache(*call)) return true;
  }
  // A temporary file that stays is removed by the next run, or is in nobody's way.
  if (hit->operation == FileOperation::kUnlink && absl::StartsWith(BaseName(hit->path), ".tmp-")) return true;
  if (Changes().contains(hit->operation)) return false;
  // A configuration that cannot be read for comparison is written anew.
  if (absl::EndsWith(hit->path, "/config.textproto")) return true;
  // The generation before the newest one of a record is only looked at to check the chain. The log tells of it.
  return absl::StrContains(hit->path, "/metadata/0");
}

bool IsBelow(const std::string& path, const std::string& folder) {
  return path == folder || absl::StartsWith(path, folder + "/");
}

// Paths of which the work was told that they are durable, and that it did not remove since.
std::set<std::string> SaidToBeDurable(const std::vector<FaultyFileSystem::Call>& calls) {
  std::set<std::string> named, durable;
  for (const FaultyFileSystem::Call& call : calls) {
    if (call.result < 0) continue;
    switch (call.operation) {
      case FileOperation::kRename:
      case FileOperation::kRenameExclusive:
      case FileOperation::kUnlink:
        for (auto* paths : {&named, &durable}) {
          std::erase_if(*paths, [&](const std::string& path) { return IsBelow(path, call.path); });
        }
        [[fallthrough]];
      case FileOperation::kLink:
        if (!call.other.empty() && !absl::StartsWith(BaseName(call.other), ".tmp-")) named.insert(call.other);
        break;
      case FileOperation::kSync:
        for (const std::string& path : named) {
          if (ParentFolder(path) == call.path) durable.insert(path);
        }
        break;
      default:
        break;
    }
  }
  return durable;
}

// Looks at what the work has left, takes it up again, and adds what is not as promised.
class Examination {
 public:
  Examination(const Subject& subject, const Result& reference, std::string when, Trials& trials)
      : subject_(subject), reference_(reference), when_(std::move(when)), trials_(trials) {}

  void Problem(const std::string& what) { trials_.problems.push_back(absl::StrCat(when_, ": ", what)); }

  void ExpectWhole(const std::set<std::string>& durable = {}) {
    for (const std::string& torn : subject_.find_torn()) Problem("torn: " + torn);
    for (const std::string& path : durable) {
      if (!*Exists(FileSystem::Posix(), path)) Problem("lost: " + path);
    }
  }

  void ExpectDone(const char* how) {
    const std::vector<std::string> parts = DifferingParts(subject_.result(), reference_);
    if (!parts.empty()) Problem(absl::StrCat(how, ", differs: ", absl::StrJoin(parts, ", ")));
  }

  void TakeUpAgain() {
    TestedFileSystem fs;
    const absl::Status status = subject_.work(fs);
    ++trials_.resumptions;
    if (!status.ok()) return Problem("cannot be taken up again: " + status.ToString());
    for (const std::string& torn : subject_.find_torn()) Problem("torn after it was taken up again: " + torn);
    ExpectDone("taken up again");
  }

 private:
  const Subject& subject_;
  const Result& reference_;
  const std::string when_;
  Trials& trials_;
};

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
    Examination examination(subject, reference,
                            hit ? absl::StrCat("call ", fault.at, ", ", Describe(*hit)) : "without a fault", trials);
    examination.ExpectWhole();
    if (status.ok()) examination.ExpectDone("done");
    if (!hit) break;
    ++trials.faults;
    ++trials.operations[Name(hit->operation)];
    // Half a write or read is none: it is gone on with.
    if (fault.effect == Fault::Effect::kShort) {
      if (!status.ok()) examination.Problem("stopped by it: " + status.ToString());
    } else if (status.ok() && IsHarmless(fs.calls())) {
      ++trials.harmless;
    } else if (status.ok()) {
      examination.Problem("it was not reported");
    }
    examination.TakeUpAgain();
  }
  return trials;
}

Trials CutPower(const Subject& subject, const Result& reference, const std::vector<Survival>& survivals, Every every,
                const std::function<std::unique_ptr<PowerCutFileSystem>(const std::string&)>& make_disk) {
  Trials trials;
  bool reached = true;
  for (int at = every.first; reached && trials.problems.size() < kMaxProblems; at += every.stride) {
    subject.prepare();
    const auto disk = make_disk(subject.folder);
    TestedFileSystem fs(*disk);
    fs.Inject({.operations = Changes(), .path = subject.folder, .at = at, .sticky = true});
    const absl::Status status = subject.work(fs);
    const std::optional<FaultyFileSystem::Call> hit = fs.Hit();
    reached = hit.has_value();
    ++trials.faults;
    ++trials.operations[hit ? Name(hit->operation) : "end"];
    const std::set<std::string> durable = SaidToBeDurable(fs.calls());
    for (Survival survival : survivals) {
      survival.seed = MixSeed(survival.seed, "cut", at);  // another chance at every cut
      disk->CutPower(survival);
      const std::string when = absl::StrCat(
          hit ? absl::StrCat("power cut at change ", at, ", before ", Describe(*hit)) : "power cut at the end",
          ", data ", static_cast<int>(survival.data), ", entries ", static_cast<int>(survival.entries), ", seed ",
          survival.seed);
      Examination examination(subject, reference, when, trials);
      examination.ExpectWhole(durable);
      if (status.ok()) examination.ExpectDone("was done before");
      examination.TakeUpAgain();
    }
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
