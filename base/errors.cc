#include "base/errors.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <string>
#include <system_error>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace baton {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return absl::StatusCode::kResourceExhausted;
    case ENOMEM:
      return absl::StatusCode::kAborted;
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kUnknown;
  }
}

}  // namespace

int ExitCode(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
      return 64;
    case absl::StatusCode::kDataLoss:
      return 65;
    case absl::StatusCode::kNotFound:
      return 66;
    case absl::StatusCode::kUnavailable:
      return 69;
    case absl::StatusCode::kAborted:
      return 71;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kUnknown:
      return 74;
    case absl::StatusCode::kCancelled:
      return 75;
    case absl::StatusCode::kOutOfRange:
      return 76;
    case absl::StatusCode::kFailedPrecondition:
      return 78;
    default:
      return 70;
  }
}

absl::Status IoError(int error, absl::string_view action, absl::string_view path) {
  error = std::abs(error);
  return absl::Status(CodeOf(error),
                      absl::StrCat("cannot ", action, " ", path, ": ", std::generic_category().message(error)));
}

absl::Status StatusFromException(const std::exception& exception) {
  const absl::string_view text = exception.what();
  // Not where in libtorch it was thrown.
  const absl::string_view message =
      text.substr(0, std::min(text.find("\nException raised from"), text.find("\nframe #")));
  // libtorch has no type of its own for the first of these, and throws the second for a GPU.
  const bool memory = dynamic_cast<const std::bad_alloc*>(&exception) != nullptr ||
                      absl::StrContains(message, "can't allocate memory") ||
                      absl::StrContains(message, "out of memory");
  if (!memory) return absl::InternalError(message);
  return absl::AbortedError(absl::StrCat("out of memory (", message, "): use a smaller model or a smaller batch"));
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { annotated.SetPayload(type, payload); });
  return annotated;
}

}  // namespace baton
