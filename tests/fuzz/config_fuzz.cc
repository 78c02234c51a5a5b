// A configuration of any text, and behind a NUL an override of any text: what parses is kept in the run directory and
// read again as it was, and its frozen fields, given as overrides, make the same configuration.

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/fields.h"
#include "google/protobuf/text_format.h"
#include "models/config_registry.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/pipeline_config.h"
#include "tests/fuzz/config_fuzz.pb.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file_system.h"

namespace baton {
namespace {

constexpr char kFile[] = "/configs/config.textproto";
constexpr char kRun[] = "/run";

const ConfigRegistration<fuzz::OwnModelConfig> own({.targets = {TargetKind::kClass}},
                                                   [](const fuzz::OwnModelConfig&, const DataDescription&,
                                                      absl::string_view, ConfigProblems&) {});

void TestOverride(absl::string_view assignment, PipelineConfig config) {
  const std::string before = SerializeMessage(config);
  const absl::Status status = ApplyOverride(assignment, config);
  if (status.ok()) return;
  RequireGoodError(status, "");
  Require(SerializeMessage(config) == before, "an override that is refused changes nothing");
}

void TestFrozenFields(const PipelineConfig& config) {
  const std::vector<FieldValue> fields = FrozenFields(config, "");
  PipelineConfig made;
  for (const auto& [name, value] : fields) {
    const absl::Status status = ApplyOverride(absl::StrCat(name, "=", value), made);
    Require(status.ok(), absl::StrCat("a frozen field is an override: ", status.ToString()));
  }
  Require(FrozenFields(made, "") == fields, "frozen fields given as overrides are the same frozen fields");
}

// A valid one is kept and resolved again.
void TestKept(const PipelineConfig& config) {
  MemoryFileSystem fs;
  const absl::Status saved = SaveConfig(fs, kRun, config);
  Require(saved.ok(), absl::StrCat("a configuration is kept: ", saved.ToString()));
  StageOptions options;
  options.fs = &fs;
  options.run_dir = kRun;
  const absl::StatusOr<PipelineConfig> resolved = ResolveConfig(options);
  Require(resolved.ok(), absl::StrCat("what is kept is read: ", resolved.status().ToString()));
  Require(SerializeMessage(*resolved) == SerializeMessage(config), "what is kept is what it was");
}

void TestText(absl::string_view text, absl::string_view assignment) {
  PipelineConfig config;
  const absl::Status parsed = ParseTextMessage(text, kFile, config);
  if (!parsed.ok()) RequireGoodError(parsed, kFile);
  MemoryFileSystem fs;
  fs.Add(kFile, text);
  StageOptions options;
  options.fs = &fs;
  options.run_dir = kRun;
  options.config_path = kFile;
  options.working_folder = "/";
  const absl::StatusOr<PipelineConfig> resolved = ResolveConfig(options);
  Require(parsed.ok() || !resolved.ok(), "what does not parse is not used");
  if (!resolved.ok()) RequireGoodError(resolved.status(), kFile);
  if (!parsed.ok()) return;
  TestOverride(assignment, config);
  if (!resolved.ok()) return;
  NoteAccepted();
  TestFrozenFields(*resolved);
  TestKept(*resolved);
}

}  // namespace

std::vector<std::string> Seeds() {
  constexpr char kClassification[] = R"(
name: "iris"  # a comment
seed: 7
load {
  raw_filepath: "../iris.csv" raw_file_format: CSV table {
    target_column: "kind" task: CLASSIFICATION ignored_columns: ["id", "\303\244"] feature_shape: [2, 2]
  }
  split { validation_fraction: 0.2 holdout_fraction: 2e-1 }
}
train {
  model { mlp { hidden_sizes: [16, 8] activation: GELU dropout: 0.1 } }
  criterion { cross_entropy { class_weights: [1, 2.5] } }
  optimizer { learning_rate: 0.05 weight_decay: 1e-4 adamw { beta1: 0.8 } }
  schedule { cosine { final_factor: 0.01 } warmup_steps: 3 }
  clip_norm: 1 batch_size: 16 micro_batches: 2 max_epochs: 5 device: "cpu"
  early_stopping { patience: 2 } ema { decay: 0.99 } snapshots { every_steps: 3 keep_last: 2 }
}
evaluate { snapshot: LAST batch_size: 7 }
)";
  constexpr char kRegression[] = R"(
load { raw_filepath: "/d.csv" table { target_column: "y" task: REGRESSION standardize_target: false } }
train { model { linear {} } criterion { mean_squared_error {} } optimizer { sgd { momentum: 0.9 nesterov: true } } }
)";
  std::vector<std::string> seeds;
  constexpr char kOwn[] = R"(
load { raw_filepath: "/d.csv" table { target_column: "y" task: CLASSIFICATION } }
train {
  model { [baton.fuzz.own] { names: "a.b" inner { width: 3 } } }
  criterion { cross_entropy {} } optimizer { adamw {} }
}
)";
  for (const char* const assignment :
       {"train.model.[baton.fuzz.own].inner.width=9", "train.model.[baton.fuzz.other]={}",
        "train.optimizer.learning_rate=0.1", "train.model.mlp.hidden_sizes=[64, 32]", "train.schedule.plateau={}",
        "load.table.ignored_columns=[\"a\", \"b\"]", "train.model.mlp.activation=TANH",
        "load.table.standardize=false"}) {
    seeds.push_back(absl::StrCat(kClassification, std::string(1, '\0'), assignment));
    seeds.push_back(absl::StrCat(kRegression, std::string(1, '\0'), assignment));
    seeds.push_back(absl::StrCat(kOwn, std::string(1, '\0'), assignment));
  }
  return seeds;
}

void TestInput(absl::string_view input) {
  const size_t nul = input.find('\0');
  TestText(input.substr(0, nul), nul == absl::string_view::npos ? "" : input.substr(nul + 1));
}

}  // namespace baton

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  // Every second time by its fields, which bytes seldom hit.
  const absl::string_view bytes = baton::AsText(data, size);
  const size_t nul = std::min(bytes.find('\0'), size);
  baton::PipelineConfig config;
  if (seed % 2 == 0 || !google::protobuf::TextFormat::ParseFromString(std::string(bytes.substr(0, nul)), &config)) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  std::string binary = baton::SerializeMessage(config);
  const size_t binary_size = binary.size();
  binary.resize(std::max(binary_size, max_size));
  uint8_t* const buffer = reinterpret_cast<uint8_t*>(binary.data());
  const size_t mutated = baton::MutateMessage(config, buffer, binary_size, binary.size(), seed);
  if (!config.ParseFromArray(buffer, static_cast<int>(mutated))) return LLVMFuzzerMutate(data, size, max_size);
  std::string text;
  google::protobuf::TextFormat::PrintToString(config, &text);
  absl::StrAppend(&text, bytes.substr(nul));
  if (text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(text.begin(), text.end(), data);
  return text.size();
}
