#ifndef BATON_BASE_ERRORS_H_
#define BATON_BASE_ERRORS_H_

#include <exception>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baton {

// What kinds of error there are, and the exit code (as in <sysexits.h>) that a program ends with for each:
//
//   kInvalidArgument     64  usage or configuration: the caller must change something
//   kDataLoss            65  bad data: a raw file that cannot be used, or stored bytes that do not match their digest
//   kNotFound            66  an input is missing
//   kUnavailable         69  locked by another process
//   kInternal, others    70  a fault of ours
//   kAborted             71  no more memory, of the host or a GPU, or no more threads
//   kResourceExhausted   74  no space; kPermissionDenied, kAlreadyExists, kUnknown likewise: I/O
//   kCancelled           75  interrupted by a signal, resumable
//   kOutOfRange          76  training diverged
//   kFailedPrecondition  78  the environment was refused
int ExitCode(const absl::Status& status);

// The status of a failed system call: "cannot ACTION PATH: REASON", e.g. IoError(ENOSPC, "write", path). `error` is an
// errno number, positive or negative.
absl::Status IoError(int error, absl::string_view action, absl::string_view path);

// What a caught exception means: Aborted with advice if memory was short, else Internal with what() as it is,
// but without the stack trace that libtorch appends to it.
absl::Status StatusFromException(const std::exception& exception);

// The same status with `context` and ": " before its message.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace baton

#endif  // BATON_BASE_ERRORS_H_
