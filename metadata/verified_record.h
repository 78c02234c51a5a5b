#ifndef BATON_METADATA_VERIFIED_RECORD_H_
#define BATON_METADATA_VERIFIED_RECORD_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"

namespace baton {

// The newest generation of the record in `run_dir`, for those who take it for evidence: all of its history is verified
// first, against `head` too if that is not empty (metadata/verify.h). DataLoss, with what was found, if it is not
// whole; NotFound if there is none. Changes nothing.
absl::StatusOr<Metadata> ReadVerifiedRecord(FileSystem& fs, absl::string_view run_dir, absl::string_view head);

}  // namespace baton

#endif  // BATON_METADATA_VERIFIED_RECORD_H_
