#include "absl/strings/str_cat.h"
#include "base/message_json.h"
#include "base/status_macros.h"
#include "metadata/inspect_command.h"
#include "metadata/record_argument.h"
#include "metadata/show.h"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Shows the newest generation of the record, or the one of that number. Sections that were made
from something else than what the record now holds are marked STALE.

  inspect show runs/iris
  inspect show runs/iris --format=json | jq .evaluate.holdout_performance.accuracy)";

absl::Status Show(FileSystem& fs, const InspectOptions& options, std::string& output) {
  ASSIGN_OR_RETURN(const RecordArgument argument, ParseRecordArgument(options.arguments[1], options.working_folder));
  ASSIGN_OR_RETURN(const Metadata record, ReadRecord(fs, argument));
  if (options.format == "json") {
    ASSIGN_OR_RETURN(const std::string json, MessageAsJson(record));
    absl::StrAppend(&output, json);
  } else {
    absl::StrAppend(&output, ShowRecord(record));
  }
  return absl::OkStatus();
}

}  // namespace

InspectCommand ShowCommand() {
  return {.name = "show", .usage = "RUN_DIR[@GENERATION]", .arguments = 1, .flags = {}, .help = kHelp, .run = Show};
}

}  // namespace baton
