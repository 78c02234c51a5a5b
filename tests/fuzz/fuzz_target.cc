#include "tests/fuzz/fuzz_target.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace baton {
namespace {

std::atomic<uint64_t> accepted_count = 0;

}  // namespace

void NoteAccepted() { ++accepted_count; }

uint64_t AcceptedCount() { return accepted_count; }

void Require(bool holds, absl::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void RequireGoodError(const absl::Status& status, absl::string_view file) {
  const std::string text = status.ToString();
  Require(absl::IsDataLoss(status) || absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
              absl::IsNotFound(status),
          absl::StrCat("an error that answers bad bytes: ", text));
  Require(absl::StrContains(status.message(), file), absl::StrCat("an error that names ", file, ": ", text));
}

std::string SealBytes(absl::string_view content) { return absl::StrCat(content, "\xa2\x06\x40", Sha256Hex(content)); }

std::string SerializeMessage(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  Require(message.SerializePartialToCodedStream(&coded), "a message serializes");
  coded.Trim();
  return bytes;
}

}  // namespace baton
