#ifndef BATON_TESTS_FAULT_TRIAL_H_
#define BATON_TESTS_FAULT_TRIAL_H_

#include <optional>
#include <set>
#include <string>

#include "base/testing/faulty_file_system.h"
#include "tests/fault_harness.h"

namespace baton {

// What the trials of fault_harness.h have in common.

// More problems say nothing new.
inline constexpr size_t kMaxProblems = 5;

// Operations after which another state of the disk is possible. Not open: what it makes is seen by the write after it.
const std::set<FileOperation>& ChangingOperations();

// "write" and so on; with what it was done to.
std::string Name(FileOperation operation);
std::string Describe(const FaultyFileSystem::Call& call);

// The files of the test's process, with a fault. The program that an attempt's record names is a large one here, whose
// digest would take longer than all the rest: it is seen empty.
class TestedFileSystem : public FaultyFileSystem {
 public:
  explicit TestedFileSystem(FileSystem& base = Unsynced::Get()) : FaultyFileSystem(base) {}
  int Open(const std::string& path, int flags, mode_t mode) override;
  // The first call that was hit.
  std::optional<Call> Hit() const;
};

// Looks at what the work has left, takes it up again, and adds what is not as promised.
class Examination {
 public:
  Examination(const Subject& subject, const Result& reference, std::string when, Trials& trials)
      : subject_(subject), reference_(reference), when_(std::move(when)), trials_(trials) {}

  void Problem(const std::string& what);
  // What has its final name is whole, and these paths are there.
  void ExpectWhole(const std::set<std::string>& durable = {});
  // The result is the reference's.
  void ExpectDone(const char* how);
  // Without faults, then done and whole.
  void TakeUpAgain();

 private:
  const Subject& subject_;
  const Result& reference_;
  const std::string when_;
  Trials& trials_;
};

}  // namespace baton

#endif  // BATON_TESTS_FAULT_TRIAL_H_
