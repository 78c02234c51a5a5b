#ifndef BATON_METADATA_VERIFY_H_
#define BATON_METADATA_VERIFY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"

namespace baton {

// One thing that was found in a record's folder.
struct Finding {
  enum class Severity {
    kNote,   // worth knowing; the history is whole
    kError,  // the history is not what was committed
  };
  enum class Kind {
    kEdited,     // its bytes are not those that were sealed: changed, cut, or no record at all
    kRemoved,    // it, or all from it to another, is missing
    kReordered,  // it is a generation, under another one's number
    kRewritten,  // it or the one before it was replaced by one with a seal of its own
    kForeign,    // it belongs to another run
    kHead,       // the given head is gone: the newest ones were cut off or rewritten
    kSetAside,   // it was set aside
    kStray,      // it is no part of the record
  };
  Severity severity = Severity::kError;
  Kind kind = Kind::kEdited;
  // Name of the file, within RUN_DIR/metadata.
  std::string file;
  std::string message;
};

// "edited", "removed", and so on.
std::string KindName(Finding::Kind kind);

struct RecordReport {
  // In the order of the files.
  std::vector<Finding> findings;
  // How many files verify, and the newest of them. `head` is its seal.
  uint64_t verified = 0;
  uint64_t newest = 0;
  std::string head;
  // The generation whose seal is the head that was asked for.
  std::optional<uint64_t> given_head_generation;

  // No error.
  bool ok() const;
};

// Checks the whole history of the record in `run_dir` and changes nothing. Finds each generation that is damaged,
// edited, missing, under another's name or of another run (than most are), and one that was replaced by another with a
// seal of its own, unless all after it were replaced too. That, and a cut tail, is found if `head` is given: the seal
// of what was once the newest generation, noted outside the folder, which must still be there. A file that was set
// aside is a note if it is damaged, an error if it is not. Others may commit meanwhile: then the report is of the
// generations up to one that was the newest at some moment of the call.
//
// NotFound if there is no record; InvalidArgument if `head` is neither empty nor 64 hexadecimal digits; other errors
// if a file cannot be read.
absl::StatusOr<RecordReport> VerifyRecord(FileSystem& fs, absl::string_view run_dir, absl::string_view head = "");

}  // namespace baton

#endif  // BATON_METADATA_VERIFY_H_
