#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "metadata/inspect_command.h"
#include "metadata/provenance.h"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Verifies the record and prints it as an in-toto statement with a SLSA provenance predicate, in JSON:
every file that the run made with its SHA-256, and what it was made from, by which programs, where and
when. Refused for a run that is not complete. docs/evidence.md says what the statement proves, and how to
check it by hand.

  inspect provenance runs/iris | jq .predicate.buildDefinition.externalParameters.train)";

// --format changes nothing: a statement is JSON.
absl::Status PrintProvenance(FileSystem& fs, const InspectOptions& options, std::string& output) {
  ASSIGN_OR_RETURN(const std::string statement,
                   Provenance(fs, AbsolutePath(options.arguments[1], options.working_folder), options.head));
  absl::StrAppend(&output, statement);
  return absl::OkStatus();
}

}  // namespace

InspectCommand ProvenanceCommand() {
  return {.name = "provenance",
          .usage = "RUN_DIR [--head=DIGEST]",
          .arguments = 1,
          .flags = {"head"},
          .help = kHelp,
          .run = PrintProvenance};
}

}  // namespace baton
