#include "metadata/verified_record.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "metadata/generation_folder.h"
#include "metadata/generations.h"
#include "metadata/verify.h"

namespace baton {

absl::StatusOr<Metadata> ReadVerifiedRecord(FileSystem& fs, absl::string_view run_dir, absl::string_view head) {
  ASSIGN_OR_RETURN(const RecordReport report, VerifyRecord(fs, run_dir, head));
  for (const Finding& finding : report.findings) {
    if (finding.severity != Finding::Severity::kError) continue;
    return absl::DataLossError(absl::StrCat("the record in ", run_dir, " is no evidence, since its history is not ",
                                            "whole: ", finding.file, ": ", finding.message,
                                            "; inspect verify lists all that was found"));
  }
  ASSIGN_OR_RETURN(Metadata record, ReadGeneration(fs, MetadataFolder(run_dir), report.newest));
  if (record.sha256() == report.head) return record;
  return absl::DataLossError(absl::StrCat("the record in ", run_dir, " is no evidence: ", GenerationName(report.newest),
                                          " was replaced while it was verified"));
}

}  // namespace baton
