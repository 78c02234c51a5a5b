#ifndef BATON_TESTS_RECORD_COMMITS_H_
#define BATON_TESTS_RECORD_COMMITS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/file_system.h"
#include "metadata/store.h"
#include "tests/fault_harness.h"

namespace baton {

// Work that does nothing but commit to a record. Free of torch, so that a process that does it starts in milliseconds.

// Counts the owner's number up to `count`, from wherever the record has it: load's rows or train's parameters, a commit
// for each.
absl::Status CountUp(FileSystem& fs, const std::string& run_dir, SectionOwner owner, uint64_t count);

// What the record says of both numbers, and its generation. Both are `count` where all is counted and none was lost,
// and then there are so many generations.
Result CountsOf(const std::string& run_dir);

// One line for each error of the record's history.
std::vector<std::string> FindTornGenerations(const std::string& run_dir);

// Both owners count up to `count`, in turns, in a record in `folder`.
Subject CountingSubject(const std::string& folder, uint64_t count);

}  // namespace baton

#endif  // BATON_TESTS_RECORD_COMMITS_H_
