#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/random.h"
#include "tests/fault_harness.h"
#include "tests/fault_trial.h"

namespace baton {
namespace {

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

// Does the work as a process that dies before the `at`-th call that changes something.
absl::Status DieBefore(int at, const Subject& subject, TestedFileSystem& fs) {
  fs.Inject({.operations = ChangingOperations(), .path = subject.folder, .at = at, .sticky = true});
  return subject.work(fs);
}

}  // namespace

Trials CutPower(const Subject& subject, const Result& reference, const std::vector<Survival>& survivals, Every every,
                const std::function<std::unique_ptr<PowerCutFileSystem>(const std::string&)>& make_disk) {
  Trials trials;
  bool reached = true;
  for (int at = every.first; reached && trials.problems.size() < kMaxProblems; at += every.stride) {
    subject.prepare();
    const auto disk = make_disk(subject.folder);
    TestedFileSystem fs(*disk);
    const absl::Status status = DieBefore(at, subject, fs);
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

Trials KillAndCutPower(const Subject& subject, const Result& reference, Every every,
                       const std::function<std::unique_ptr<FileSystem>(FileSystem&)>& resume_on) {
  Trials trials;
  for (int at = every.first; trials.problems.size() < kMaxProblems; at += every.stride) {
    subject.prepare();
    PowerCutFileSystem disk(subject.folder);
    TestedFileSystem killed(disk);
    const absl::Status status = DieBefore(at, subject, killed);
    const std::optional<FaultyFileSystem::Call> hit = killed.Hit();
    if (!hit) break;
    ++trials.faults;
    ++trials.operations[Name(hit->operation)];
    Examination examination(subject, reference,
                            absl::StrCat("killed at change ", at, ", before ", Describe(*hit), ", and taken up again"),
                            trials);
    if (status.ok()) examination.ExpectDone("done although everything failed");
    const std::unique_ptr<FileSystem> seen = resume_on(disk);
    TestedFileSystem fs(*seen);
    const absl::Status done = subject.work(fs);
    if (!done.ok()) examination.Problem(done.ToString());
    disk.CutPower({Survival::Data::kLost, Survival::Entries::kLost});
    examination.ExpectWhole(SaidToBeDurable(fs.calls()));
    examination.ExpectDone("after the power cut");
    examination.TakeUpAgain();
  }
  return trials;
}

}  // namespace baton
