#include "state/inspect_command.h"

#include "absl/strings/str_cat.h"
#include "base/message_json.h"
#include "base/status_macros.h"

namespace baton {

absl::Status Answer(const InspectSnapshotOptions& options, const google::protobuf::Message& message,
                    absl::string_view text, InspectSnapshotAnswer& answer) {
  if (options.format == "text") {
    absl::StrAppend(&answer.text, text);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string json, MessageAsJson(message));
  absl::StrAppend(&answer.text, json);
  return absl::OkStatus();
}

}  // namespace baton
