#include "base/errors.h"

#include <cerrno>
#include <new>
#include <stdexcept>

#include "absl/strings/cord.h"
#include "base/testing/status_matchers.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The numbers are those of <sysexits.h>.
TEST(ExitCode, IsThatOfSysexits) {
  EXPECT_EQ(ExitCode(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCode(absl::InvalidArgumentError("")), 64);
  EXPECT_EQ(ExitCode(absl::DataLossError("")), 65);
  EXPECT_EQ(ExitCode(absl::NotFoundError("")), 66);
  EXPECT_EQ(ExitCode(absl::UnavailableError("")), 69);
  EXPECT_EQ(ExitCode(absl::InternalError("")), 70);
  EXPECT_EQ(ExitCode(absl::UnimplementedError("")), 70);
  EXPECT_EQ(ExitCode(absl::AbortedError("")), 71);
  EXPECT_EQ(ExitCode(absl::ResourceExhaustedError("")), 74);
  EXPECT_EQ(ExitCode(absl::PermissionDeniedError("")), 74);
  EXPECT_EQ(ExitCode(absl::AlreadyExistsError("")), 74);
  EXPECT_EQ(ExitCode(absl::UnknownError("")), 74);
  EXPECT_EQ(ExitCode(absl::CancelledError("")), 75);
  EXPECT_EQ(ExitCode(absl::OutOfRangeError("")), 76);
  EXPECT_EQ(ExitCode(absl::FailedPreconditionError("")), 78);
}

// The beginning of the text that libtorch's exceptions have: c10::Error::what().
TEST(StatusFromException, LeavesTheStackTraceOut) {
  EXPECT_EQ(StatusFromException(std::runtime_error("sizes differ\nException raised from check at /home/x.cc:5 (most")),
            absl::InternalError("sizes differ"));
  EXPECT_EQ(StatusFromException(std::out_of_range("two\nlines")), absl::InternalError("two\nlines"));
}

TEST(StatusFromException, ShortMemoryComesWithAdvice) {
  const char* const torch =
      "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
      "4000000000000 bytes. Error code 12 (Cannot allocate memory)\nException raised from posix_memalign at /x.cc";
  const absl::Status status = StatusFromException(std::runtime_error(torch));
  EXPECT_THAT(status,
              StatusIs(StatusCode::kAborted, AllOf(HasSubstr("you tried to allocate"), EndsWith("a smaller batch"))));
  EXPECT_EQ(StatusFromException(std::bad_alloc()).code(), StatusCode::kAborted);
  EXPECT_EQ(StatusFromException(std::runtime_error("CUDA out of memory. Tried to allocate 2 GiB.")).code(),
            StatusCode::kAborted);
}

TEST(IoError, SaysWhatWhereAndWhy) {
  EXPECT_EQ(IoError(ENOSPC, "write", "/a/b").message(), "cannot write /a/b: No space left on device");
  EXPECT_EQ(IoError(-ENOSPC, "write", "/a/b"), IoError(ENOSPC, "write", "/a/b"));
}

TEST(IoError, KindsLeadToTheRightExitCode) {
  EXPECT_EQ(IoError(ENOENT, "open", "f").code(), StatusCode::kNotFound);
  EXPECT_EQ(IoError(ENOTDIR, "open", "f").code(), StatusCode::kNotFound);
  EXPECT_EQ(IoError(EEXIST, "make", "f").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(IoError(ENOTEMPTY, "make", "f").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(IoError(EACCES, "open", "f").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(IoError(EROFS, "open", "f").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(IoError(EDQUOT, "write", "f").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(IoError(EMFILE, "open", "f").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(IoError(ENOMEM, "map", "f").code(), StatusCode::kAborted);
  EXPECT_EQ(IoError(EISDIR, "open", "f").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(IoError(EIO, "write", "f").code(), StatusCode::kUnknown);
  EXPECT_EQ(ExitCode(IoError(EIO, "write", "f")), 74);
}

TEST(Annotate, KeepsCodeAndPayload) {
  absl::Status status = absl::DataLossError("bad");
  status.SetPayload("type", absl::Cord("value"));
  const absl::Status annotated = Annotate(status, "file f");
  EXPECT_THAT(annotated, StatusIs(StatusCode::kDataLoss, AllOf(StartsWith("file f: "), EndsWith(": bad"))));
  EXPECT_EQ(annotated.GetPayload("type"), absl::Cord("value"));
  EXPECT_THAT(Annotate(absl::OkStatus(), "file f"), IsOk());
}

}  // namespace
}  // namespace baton
