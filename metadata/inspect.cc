#include "metadata/inspect.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "glog/logging.h"
#include "google/protobuf/util/json_util.h"
#include "metadata/generations.h"
#include "metadata/show.h"
#include "metadata/verify.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

absl::StatusOr<std::string> RecordAsJson(const Metadata& record) {
  google::protobuf::util::JsonPrintOptions print_options;
  print_options.add_whitespace = true;
  print_options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(record, &json, print_options);
  if (!status.ok()) return absl::InternalError(absl::StrCat("the record as JSON: ", status.ToString()));
  return json;
}

absl::StatusOr<Metadata> FindRecord(FileSystem& fs, const std::string& run_dir, uint64_t generation) {
  const std::string folder = MetadataFolder(run_dir);
  if (generation != 0) return ReadGeneration(fs, folder, {generation, GenerationName(generation)});
  ASSIGN_OR_RETURN(NewestGeneration newest, FindNewestGeneration(fs, folder));
  for (const NewestGeneration::Damage& damage : newest.damaged) LOG(WARNING) << damage.message;
  if (!newest.warning.empty()) LOG(WARNING) << newest.warning;
  if (!newest.record.has_generation()) return absl::NotFoundError(absl::StrCat("no record in ", folder));
  return std::move(newest.record);
}

std::string ReportAsText(const RecordReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    absl::StrAppend(&text, finding.severity == Finding::Severity::kError ? "error" : "note", "  ", finding.file, "  ",
                    finding.message, "\n");
  }
  absl::StrAppend(&text, report.ok() ? "OK: " : "NOT OK: ", report.verified,
                  report.verified == 1 ? " generation verifies" : " generations verify");
  if (report.newest > 0) absl::StrAppend(&text, ", the newest is ", report.newest, ", head ", report.head);
  if (report.given_head_generation && *report.given_head_generation != report.newest) {
    absl::StrAppend(&text, "; the given head is generation ", *report.given_head_generation);
  }
  return absl::StrCat(text, "\n");
}

std::string ReportAsJson(const RecordReport& report) {
  nlohmann::ordered_json json;
  json["ok"] = report.ok();
  json["verified"] = report.verified;
  json["newest"] = report.newest;
  json["head"] = report.head;
  if (report.given_head_generation) json["given_head_generation"] = *report.given_head_generation;
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : report.findings) {
    json["findings"].push_back({{"severity", finding.severity == Finding::Severity::kError ? "error" : "note"},
                                {"file", finding.file},
                                {"message", finding.message}});
  }
  // Names of files may be anything: what is no UTF-8 in them is replaced.
  return absl::StrCat(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace), "\n");
}

absl::Status Show(FileSystem& fs, const std::string& run_dir, const InspectOptions& options, std::string& output) {
  if (!options.head.empty()) return absl::InvalidArgumentError("--head belongs to \"inspect verify\", not to show");
  ASSIGN_OR_RETURN(const Metadata record, FindRecord(fs, run_dir, options.generation));
  if (options.format == "json") {
    ASSIGN_OR_RETURN(const std::string json, RecordAsJson(record));
    absl::StrAppend(&output, json);
  } else {
    absl::StrAppend(&output, ShowRecord(record));
  }
  return absl::OkStatus();
}

absl::Status Verify(FileSystem& fs, const std::string& run_dir, const InspectOptions& options, std::string& output) {
  if (options.generation != 0) {
    return absl::InvalidArgumentError("--generation belongs to \"inspect show\": verify checks all of them");
  }
  ASSIGN_OR_RETURN(const RecordReport report, VerifyRecord(fs, run_dir, options.head));
  absl::StrAppend(&output, options.format == "json" ? ReportAsJson(report) : ReportAsText(report));
  return report.ok() ? absl::OkStatus()
                     : absl::DataLossError(absl::StrCat("the history of the record in ", run_dir, " is not whole"));
}

}  // namespace

absl::Status Inspect(FileSystem& fs, const InspectOptions& options, std::string& output) {
  if (options.arguments.size() != 2) {
    return absl::InvalidArgumentError("expected a command and a run directory, as in: inspect show runs/iris");
  }
  if (options.format != "text" && options.format != "json") {
    return absl::InvalidArgumentError(absl::StrCat("--format is \"", options.format, "\": expected text or json"));
  }
  const std::string& command = options.arguments[0];
  const std::string run_dir = AbsolutePath(options.arguments[1], options.working_folder);
  if (command == "show") return Show(fs, run_dir, options, output);
  if (command == "verify") return Verify(fs, run_dir, options, output);
  return absl::InvalidArgumentError(absl::StrCat("unknown command \"", command, "\": expected show or verify"));
}

}  // namespace baton
