#ifndef BATON_METADATA_PROVENANCE_H_
#define BATON_METADATA_PROVENANCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"

namespace baton {

// The record as evidence that other tools read: an in-toto Statement v1 (github.com/in-toto/attestation, spec/v1) with
// a SLSA Provenance v1 predicate (slsa.dev/provenance/v1). docs/evidence.md says which field comes from where, what the
// statement proves, and how to check it by hand.

// What `buildType` and `builder.id` say.
inline constexpr char kBuildType[] = "urn:baton:pipeline:v1";
inline constexpr char kBuilderId[] = "urn:baton:local:v1";

// The file that the record was read from.
struct RecordFile {
  std::string path;    // relative to the run directory
  std::string sha256;  // of all its bytes
};

// The statement of a record, as JSON: the same record gives the same bytes. One for the run, with the files of all
// stages as its subjects. InvalidArgument if a stage is unfinished or stale (CheckFinished in metadata/staleness.h):
// there is no telling then what its files were made from.
absl::StatusOr<std::string> ProvenanceStatement(const Metadata& record, const RecordFile& file);

// The statement of the run in `run_dir`, whose record is verified first, all of its history, and against `head` if that
// is not empty: DataLoss if it is not whole. NotFound if there is none.
absl::StatusOr<std::string> Provenance(FileSystem& fs, absl::string_view run_dir, absl::string_view head);

}  // namespace baton

#endif  // BATON_METADATA_PROVENANCE_H_
