#ifndef BATON_TESTS_FAULT_HARNESS_H_
#define BATON_TESTS_FAULT_HARNESS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/testing/faulty_file_system.h"
#include "tests/power_cut_file_system.h"

namespace baton {

// Tries faults on some work on files, and tells what was not as promised (docs/reliability.md):
//
//   - what stands under a final name is whole, the old or the new, whenever the work is broken off;
//   - what was said to be durable is there, whatever the disk forgot;
//   - a fault is reported, unless it does no harm;
//   - taken up again, the work ends with the bits of a run that was never interrupted.
//
// It knows nothing of what the work is, and returns problems instead of failing, so that a test can also show that it
// finds those that were put in.

// The work.
struct Subject {
  // All that the work writes is below this folder; absolute.
  std::string folder;
  // Brings the folder to what it is before the work has begun.
  std::function<void()> prepare;
  // Does the work, or what is left of it. Called as a new process would be: nothing but the files is handed on.
  std::function<absl::Status(FileSystem&)> work;
  // What stands under its final name and is not whole, or what is named and not there; one line each.
  std::function<std::vector<std::string>()> find_torn;
  // What finished work has come to, by name: equal if and only if every bit is.
  std::function<std::map<std::string, std::string>()> result;
};
using Result = std::map<std::string, std::string>;

// Of a run without faults.
Result ReferenceOf(const Subject& subject);

// Which of the calls that a fault could hit are tried: first, first + stride, ...
struct Every {
  int first = 1;
  int stride = 1;
};

struct Trials {
  // How often the work was broken off or disturbed, and how often it was taken up again.
  int faults = 0;
  int resumptions = 0;
  // By the operation that was hit, the first one of a run, "write" and so on.
  std::map<std::string, int> operations;
  // Runs in which nobody was told of a fault since none did harm.
  int harmless = 0;
  // What was not as promised, with the call after which it was not.
  std::vector<std::string> problems;
};

// Lets the calls of the work fail, one a trial, until it runs through without reaching the fault (fault.at and
// fault.path are replaced), and takes it up again each time. With fault.then, those runs count in which a second call
// failed. Ends early after a few problems.
Trials FailCalls(const Subject& subject, const Result& reference, Fault fault, Every every = {});

// Cuts the power before the calls of the work that change something, one a trial, and at its end; each time once for
// every one of `survivals`, from which the work is taken up again. `make_disk` takes the subject's folder.
Trials CutPower(
    const Subject& subject, const Result& reference, const std::vector<Survival>& survivals, Every every = {},
    const std::function<std::unique_ptr<PowerCutFileSystem>(const std::string& folder)>& make_disk =
        [](const std::string& folder) { return std::make_unique<PowerCutFileSystem>(folder); });

// Kills the work before each of its calls that change something, one a trial, takes it up again, and when it is done
// cuts the power, so that all is lost that neither of the two has waited for. What takes it up sees the disk through
// what `resume_on` makes of it, for a control.
Trials KillAndCutPower(
    const Subject& subject, const Result& reference, Every every = {},
    const std::function<std::unique_ptr<FileSystem>(FileSystem& disk)>& resume_on = [](FileSystem& disk) {
      return std::make_unique<FaultyFileSystem>(disk);
    });

// Names of what differs between two results.
std::vector<std::string> DifferingParts(const Result& a, const Result& b);

// Prints a line of counts, and records them as properties of the running test.
void Report(const std::string& what, const Trials& trials);

}  // namespace baton

#endif  // BATON_TESTS_FAULT_HARNESS_H_
