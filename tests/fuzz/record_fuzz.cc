// What reads a record: a generation of any bytes behind a right seal, and records of several generations (RecordCase).

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/seal.h"
#include "metadata/canonical.h"
#include "metadata/derive.h"
#include "metadata/generation_folder.h"
#include "metadata/generations.h"
#include "metadata/inspect.h"
#include "metadata/store.h"
#include "metadata/verify.h"
#include "tests/fuzz/fuzz_case.pb.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file_system.h"

namespace baton {
namespace {

constexpr char kRun[] = "/run";

std::string PathOf(uint64_t number) { return JoinPath(MetadataFolder(kRun), GenerationName(number)); }

// What holds of any record that was read.
void TestRecord(const Metadata& record) {
  Metadata copy = record;
  const std::string sealed = Seal(copy);
  Metadata again;
  Require(Unseal(sealed, "again", again).ok(), "what is sealed is read again");
  Require(CanonicalBytes(again) == CanonicalBytes(copy), "the same record is read again");
  Require(Seal(again) == sealed, "the same record gives the same bytes");
  DeriveRun(again);
  const std::string derived = CanonicalBytes(again);
  DeriveRun(again);
  Require(CanonicalBytes(again) == derived, "what is derived is derived from the attempts alone");
}

// The inspect commands answer with an error, with JSON, or with text that steers no terminal.
void TestInspect(FileSystem& fs) {
  for (const char* const command : {"show", "verify", "history", "provenance"}) {
    for (const char* const format : {"text", "json"}) {
      InspectOptions options;
      options.arguments = {command, kRun};
      options.format = format;
      options.working_folder = "/";
      std::string output;
      const absl::Status status = Inspect(fs, options, output);
      if (!status.ok()) continue;
      if (options.format == "json" || options.arguments[0] == "provenance") {
        Require(nlohmann::json::accept(output), absl::StrCat(command, " prints JSON: ", output));
      } else {
        for (const char c : output) {
          Require(c == '\n' || !absl::ascii_iscntrl(c),
                  absl::StrCat(command, " prints no control character: ", output));
        }
      }
    }
  }
}

// A stage commits on top of it.
void TestCommit(FileSystem& fs, uint64_t newest) {
  const auto store = MetadataStore::Open(fs, kRun, "name");
  Require(store.ok(), absl::StrCat("a record that was found is opened: ", store.status().ToString()));
  const absl::Status status = (*store)->Commit(SectionOwner::kLoad, [](Metadata& record) {
    record.mutable_load()->set_rows(record.load().rows() + 1);
    return absl::OkStatus();
  });
  if (!status.ok()) return RequireGoodError(status, "");
  const absl::StatusOr<Metadata> after = ReadGeneration(fs, MetadataFolder(kRun), newest + 1);
  Require(after.ok(), absl::StrCat("a commit makes the next generation: ", after.status().ToString()));
}

void TestFolder(MemoryFileSystem& fs, bool chained) {
  const std::string folder = MetadataFolder(kRun);
  const absl::StatusOr<GenerationFolder> files = ListGenerations(fs, folder);
  Require(files.ok(), "a folder is listed");
  std::set<std::string> run_ids;
  bool all_read = true;
  for (const uint64_t number : files->generations) {
    const absl::StatusOr<Metadata> record = ReadGeneration(fs, folder, number);
    if (record.ok()) {
      NoteAccepted();
      TestRecord(*record);
      run_ids.insert(record->run().run_id());
    } else {
      all_read = false;
      RequireGoodError(record.status(), JoinPath(folder, GenerationName(number)));
    }
  }
  const absl::StatusOr<RecordReport> report = VerifyRecord(fs, kRun);
  if (!report.ok()) RequireGoodError(report.status(), folder);
  const absl::StatusOr<NewestGeneration> newest = FindNewestGeneration(fs, folder);
  if (!newest.ok()) RequireGoodError(newest.status(), folder);
  if (chained && all_read) {
    Require(report.ok() && report->ok() == (run_ids.size() <= 1), "a chained record of one run is whole");
    Require(!report->ok() || report->verified == files->generations.size(), "every generation of it verifies");
    Require(newest.ok() && newest->damaged.empty(), "the newest generation of a chained record is found");
  }
  TestInspect(fs);
  if (newest.ok() && newest->damaged.empty() && newest->record.has_generation()) {
    TestCommit(fs, newest->record.generation());
  }
}

void TestCase(RecordCase& input) {
  MemoryFileSystem fs;
  std::string seal;
  uint64_t number = 0;
  for (Metadata& generation : *input.mutable_generations()) {
    ++number;
    if (input.chained()) {
      generation.set_generation(number);
      generation.set_format_version(1);
      generation.clear_previous_sha256();
      if (!seal.empty()) generation.set_previous_sha256(seal);
    }
    fs.Add(PathOf(number), Seal(generation));
    seal = generation.sha256();
  }
  if (number > 0) TestFolder(fs, input.chained());
}

void TestBytes(absl::string_view bytes) {
  MemoryFileSystem fs;
  fs.Add(PathOf(1), bytes);
  TestFolder(fs, /*chained=*/false);
}

void FillStage(StageRun& stage) {
  stage.set_key("0123456789abcdef");
  KeyInput& input = *stage.add_key_inputs();
  input.set_name("load.dataset");
  input.set_value("sha256:00");
  stage.set_status(StageRun::COMPLETE);
  Attempt& attempt = *stage.add_attempts();
  attempt.set_attempt_id("0011223344556677");
  attempt.mutable_start_time()->set_seconds(1'700'000'000);
  attempt.mutable_end_time()->set_seconds(1'700'000'010);
  attempt.set_wall_seconds(10);
  attempt.set_peak_memory_bytes(1 << 20);
  (*attempt.mutable_libraries())["torch"] = "2.13.0";
  attempt.add_command("train");
}

Metadata FullRecord() {
  Metadata record;
  record.mutable_run()->set_run_id("00112233445566778899aabbccddeeff");
  record.mutable_run()->set_name("iris");
  LoadSection& load = *record.mutable_load();
  FillStage(*load.mutable_stage());
  load.set_raw_filepath("/data/iris.csv");
  load.set_dataset_version("sha256:00");
  load.add_class_labels("setosa");
  load.add_outputs()->set_path("load/0123456789abcdef/train.safetensors");
  load.add_splits()->set_name("train");
  load.mutable_raw_dvc_metadata()->set_text("outs:\n");
  TrainSection& train = *record.mutable_train();
  FillStage(*train.mutable_stage());
  Measurement& measurement = *train.add_history();
  measurement.set_train_loss(0.5);
  (*measurement.mutable_validation_metrics())["accuracy"] = 0.75;
  train.mutable_last_snapshot()->set_model_sha256("00");
  train.mutable_best_snapshot()->set_path("train/0123456789abcdef/step-000000000008");
  train.set_stop_reason(TrainSection::EARLY_STOPPING);
  EvaluateSection& evaluate = *record.mutable_evaluate();
  FillStage(*evaluate.mutable_stage());
  (*evaluate.mutable_holdout_performance())["accuracy"] = 0.875;
  (*evaluate.mutable_holdout_intervals())["accuracy"].set_level(0.95);
  DeriveRun(record);
  return record;
}

}  // namespace

std::vector<std::string> Seeds() {
  RecordCase one, history;
  one.set_chained(true);
  *one.add_generations() = FullRecord();
  history.set_chained(true);
  for (int i = 0; i < 3; ++i) {
    Metadata& generation = *history.add_generations();
    generation.mutable_run()->set_run_id("00");
    generation.set_committed_by("load");
    generation.mutable_load()->set_rows(i);
    generation.mutable_load()->mutable_stage()->set_status(StageRun::RUNNING);
  }
  return {SerializeMessage(one), SerializeMessage(history)};
}

void TestInput(absl::string_view input) {
  TestBytes(input);
  TestBytes(SealBytes(input));
  if (RecordCase made; made.ParseFromArray(input.data(), static_cast<int>(input.size()))) TestCase(made);
}

}  // namespace baton

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  baton::RecordCase input;
  return baton::MutateMessage(input, data, size, max_size, seed);
}
