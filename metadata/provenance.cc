#include "metadata/provenance.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "metadata/amendments.h"
#include "metadata/generation_folder.h"
#include "metadata/staleness.h"
#include "metadata/verified_record.h"
#include "nlohmann/json.hpp"

namespace baton {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::util::TimeUtil;

// A stage that has run, by the name of its program.
struct Stage {
  const char* name;
  const StageRun& run;
};

std::vector<Stage> StagesOf(const Metadata& record) {
  std::vector<Stage> stages = {{"load", record.load().stage()}};
  if (record.train().stage().has_key()) stages.push_back({"train", record.train().stage()});
  if (record.evaluate().stage().has_key()) stages.push_back({"evaluate", record.evaluate().stage()});
  return stages;
}

// What may not stand in a part of a URI's path (RFC 3986) becomes "%2B" and the like.
std::string PercentEncoded(absl::string_view text, absl::string_view allowed) {
  std::string result;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || allowed.find(c) != absl::string_view::npos) {
      result += c;
    } else {
      absl::StrAppendFormat(&result, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return result;
}

Json Subjects(const Metadata& record) {
  std::set<std::string> paths;
  Json subjects = Json::array();
  for (const auto* artifacts :
       {&record.load().outputs(), &record.train().model_artifacts(), &record.evaluate().outputs()}) {
    for (const Artifact& artifact : *artifacts) {
      // Names are unique within a statement.
      if (!paths.insert(artifact.path()).second) continue;
      subjects.push_back({{"name", artifact.path()}, {"digest", {{"sha256", artifact.sha256()}}}});
    }
  }
  return subjects;
}

// In the order of the key's lines, so that its digest can be computed again.
Json KeyInputsOf(const StageRun& stage) {
  Json inputs = Json::object();
  for (const KeyInput& input : stage.key_inputs()) inputs[input.name()] = input.value();
  return inputs;
}

// Those that the training went through on its way to its key, oldest first.
Json Amendments(const Metadata& record) {
  Json amendments = Json::array();
  for (const Amendment* amendment : AmendmentsOfTraining(record)) {
    amendments.push_back({{"field", amendment->field()},
                          {"from", amendment->old_value()},
                          {"to", amendment->new_value()},
                          {"step", amendment->step_index()}});
  }
  return amendments;
}

Json ExternalParameters(const Metadata& record) {
  Json parameters;
  for (const Stage& stage : StagesOf(record)) parameters[stage.name] = KeyInputsOf(stage.run);
  if (record.train().stop_reason() == TrainSection::MAX_EPOCHS) parameters["epochs"] = record.train().epochs_done();
  if (record.train().stop_reason() == TrainSection::MAX_STEPS) parameters["steps"] = record.train().steps_done();
  if (Json amendments = Amendments(record); !amendments.empty()) parameters["amendments"] = std::move(amendments);
  parameters["commands"] = Json::array();
  for (const Stage& stage : StagesOf(record)) {
    for (const Attempt& attempt : stage.run.attempts()) {
      parameters["commands"].push_back({{"attempt", attempt.attempt_id()}, {"arguments", attempt.command()}});
    }
  }
  return parameters;
}

Json Environment(const char* stage, const Attempt& attempt) {
  Json json = {{"stage", stage}, {"attempt", attempt.attempt_id()}};
  const auto text = [&json](const char* name, bool there, const std::string& value) {
    if (there) json[name] = value;
  };
  if (attempt.has_start_time()) json["startedOn"] = TimeUtil::ToString(attempt.start_time());
  if (attempt.has_end_time()) json["finishedOn"] = TimeUtil::ToString(attempt.end_time());
  if (attempt.has_resumed_from_step()) json["resumedFromStep"] = attempt.resumed_from_step();
  text("host", attempt.has_host(), attempt.host());
  text("device", attempt.has_device(), attempt.device());
  text("cpuModel", attempt.has_cpu_model(), attempt.cpu_model());
  text("cpuCapability", attempt.has_cpu_capability(), attempt.cpu_capability());
  text("gpuModel", attempt.has_gpu_model(), attempt.gpu_model());
  if (attempt.has_workers()) json["workers"] = attempt.workers();
  if (attempt.has_threads_per_worker()) json["threadsPerWorker"] = attempt.threads_per_worker();
  text("programVersion", attempt.has_program_version(), attempt.program_version());
  text("programSha256", attempt.has_program_sha256(), attempt.program_sha256());
  json["libraries"] = std::map<std::string, std::string>(attempt.libraries().begin(), attempt.libraries().end());
  return json;
}

// Whether the deviation was found by one of the attempts that the record still names, and not by those of another key.
bool IsOfItsAttempts(const Metadata& record, const Deviation& deviation) {
  if (!deviation.has_time()) return true;
  for (const Stage& stage : StagesOf(record)) {
    if (stage.name != deviation.stage() || stage.run.attempts().empty()) continue;
    return TimeUtil::TimestampToNanoseconds(deviation.time()) >=
           TimeUtil::TimestampToNanoseconds(stage.run.attempts(0).start_time());
  }
  return false;
}

Json InternalParameters(const Metadata& record) {
  Json parameters = {{"keys", Json::object()}, {"environment", Json::array()}};
  for (const Stage& stage : StagesOf(record)) {
    parameters["keys"][stage.name] = stage.run.key();
    for (const Attempt& attempt : stage.run.attempts()) {
      parameters["environment"].push_back(Environment(stage.name, attempt));
    }
  }
  Json deviations = Json::array();
  for (const Deviation& deviation : record.run().deviations()) {
    if (!IsOfItsAttempts(record, deviation)) continue;
    deviations.push_back({{"stage", deviation.stage()},
                          {"name", deviation.name()},
                          {"from", deviation.old_value()},
                          {"to", deviation.new_value()}});
  }
  if (!deviations.empty()) parameters["deviations"] = std::move(deviations);
  return parameters;
}

std::string FileUri(absl::string_view path) { return absl::StrCat("file://", PercentEncoded(path, "-._~/")); }

Json InitialTensors(const char* name, const std::string& file, const std::string& sha256,
                    const InitialWeights& weights) {
  Json json = {{"name", name},
               {"uri", FileUri(file)},
               {"digest", {{"sha256", sha256}}},
               {"annotations", {{"baton_step", weights.step_index()}}}};
  if (weights.has_run_id()) json["annotations"]["baton_run_id"] = weights.run_id();
  return json;
}

// The raw file, the weights with which training began, the programs that worked, and the libraries that they name.
Json Dependencies(const Metadata& record) {
  const LoadSection& load = record.load();
  Json raw = {{"name", "raw_file"}, {"uri", FileUri(load.raw_filepath())}};
  raw["digest"]["sha256"] = load.raw_file_sha256();
  // DVC before 3 says nothing of `hash`, and its md5 is not always that of the bytes.
  const DvcMetadata& dvc = load.raw_dvc_metadata();
  if (dvc.hash() == "md5" && dvc.has_md5()) raw["digest"]["md5"] = dvc.md5();
  // Not {raw}, which one compiler takes for an array and another for raw itself.
  Json dependencies = Json::array({std::move(raw)});
  const TrainSection& train = record.train();
  if (const InitialWeights& weights = train.initial_weights(); train.has_initial_weights()) {
    dependencies.push_back(InitialTensors("initial_weights", weights.file(), weights.sha256(), weights));
    if (weights.has_buffers_file()) {
      dependencies.push_back(
          InitialTensors("initial_buffers", weights.buffers_file(), weights.buffers_sha256(), weights));
    }
  }

  std::set<std::pair<std::string, std::string>> programs, libraries;
  for (const Stage& stage : StagesOf(record)) {
    for (const Attempt& attempt : stage.run.attempts()) {
      if (attempt.has_program_sha256() && programs.emplace(stage.name, attempt.program_sha256()).second) {
        dependencies.push_back(
            {{"name", absl::StrCat("program:", stage.name)}, {"digest", {{"sha256", attempt.program_sha256()}}}});
      }
      libraries.insert(attempt.libraries().begin(), attempt.libraries().end());
    }
  }
  for (const auto& [name, version] : libraries) {
    // A package URL (github.com/package-url/purl-spec).
    dependencies.push_back(
        {{"name", absl::StrCat("library:", name)},
         {"uri", absl::StrCat("pkg:generic/", PercentEncoded(name, "-._~"), "@", PercentEncoded(version, "-._~"))}});
  }
  return dependencies;
}

Json RunDetails(const Metadata& record, const RecordFile& file) {
  Json versions = Json::object();
  for (const Stage& stage : StagesOf(record)) {
    if (stage.run.attempts().empty()) continue;
    versions[stage.name] = stage.run.attempts().rbegin()->program_version();
  }
  Json metadata = {{"invocationId", record.run().run_id()}};
  if (record.run().has_start_time()) metadata["startedOn"] = TimeUtil::ToString(record.run().start_time());
  if (record.run().has_end_time()) metadata["finishedOn"] = TimeUtil::ToString(record.run().end_time());
  return {{"builder", {{"id", kBuilderId}, {"version", std::move(versions)}}},
          {"metadata", std::move(metadata)},
          {"byproducts",
           {{{"name", file.path},
             {"digest", {{"sha256", file.sha256}}},
             {"annotations", {{"baton_head", record.sha256()}, {"baton_generation", record.generation()}}}}}}};
}

}  // namespace

absl::StatusOr<std::string> ProvenanceStatement(const Metadata& record, const RecordFile& file) {
  RETURN_IF_ERROR(CheckFinished(record));
  const Json statement = {{"_type", "https://in-toto.io/Statement/v1"},
                          {"subject", Subjects(record)},
                          {"predicateType", "https://slsa.dev/provenance/v1"},
                          {"predicate",
                           {{"buildDefinition",
                             {{"buildType", kBuildType},
                              {"externalParameters", ExternalParameters(record)},
                              {"internalParameters", InternalParameters(record)},
                              {"resolvedDependencies", Dependencies(record)}}},
                            {"runDetails", RunDetails(record, file)}}}};
  return absl::StrCat(statement.dump(2), "\n");
}

absl::StatusOr<std::string> Provenance(FileSystem& fs, absl::string_view run_dir, absl::string_view head) {
  ASSIGN_OR_RETURN(const Metadata record, ReadVerifiedRecord(fs, run_dir, head));
  const std::string folder = MetadataFolder(run_dir), name = GenerationName(record.generation());
  ASSIGN_OR_RETURN(const FileDigest digest, DigestFile(fs, JoinPath(folder, name), DigestKind::kSha256));
  return ProvenanceStatement(record, {JoinPath(BaseName(folder), name), digest.hex});
}

}  // namespace baton
