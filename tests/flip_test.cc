// Every byte of what a run leaves is damaged, one bit of one byte at a time, and every file cut at every length. What
// uses it says so, or comes to the same result all the same; another result without a word must not happen.
// docs/reliability.md has the counts.

#include "base/digest.h"
#include "base/fields.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/plan/keys.h"
#include "tests/flip_fixture.h"

namespace baton {
namespace {

TEST_F(FlipTest, Snapshot) {
  for (const std::string& path : FilesIn(Snapshot())) EXPECT_EQ(Damage(path, UseSnapshot).silent, 0);
  EXPECT_EQ(total_.harmless, 0);
}

TEST_F(FlipTest, Dataset) {
  for (const std::string& path : FilesIn(DatasetFolder())) EXPECT_EQ(Damage(path, UseDataset).harmless, 0) << path;
}

TEST_F(FlipTest, Record) {
  const std::vector<std::string> generations = FilesIn(InRun("metadata"));
  ASSERT_GT(generations.size(), 2);
  for (const std::string& path : {generations.back(), generations[generations.size() / 2]}) {
    EXPECT_EQ(Damage(path, UseRecord).harmless, 0) << path;
  }
}

TEST_F(FlipTest, Outputs) {
  for (const auto* const outputs : {&record_->evaluate().outputs(), &record_->train().model_artifacts()}) {
    for (const Artifact& output : *outputs) {
      EXPECT_EQ(Damage(InRun(output.path()), UseOutputs(*outputs)).harmless, 0) << output.path();
    }
  }
}

// A damaged cache of digests only costs time.
TEST_F(FlipTest, DigestCache) {
  const std::string file = RunDirectory(RunDir()).DigestCacheFile();
  const auto use = [&](FileSystem& fs) -> absl::StatusOr<std::string> {
    DigestCache digests(fs, file);
    std::string result;
    for (const Artifact& output : record_->load().outputs()) {
      ASSIGN_OR_RETURN(const FileDigest digest, digests.Sha256(InRun(output.path())));
      absl::StrAppend(&result, digest.hex);
    }
    return result;
  };
  const Tally tally = Damage(file, use);
  EXPECT_EQ(tally.harmless, tally.tried);
}

// The configuration belongs to the user and carries no digest. Damaged, it is refused, or it says the same, or the keys
// of the stages are others, so that none takes what there is for its own; or it is another in what cannot change a
// result: the fields that are marked free, which are counted as harmless.
TEST_F(FlipTest, Config) {
  const std::string reference = ReadFile(*fs_, InRun("config.textproto")).value();
  const auto keys = [&](FileSystem& fs) -> absl::StatusOr<std::string> {
    StageOptions options = Options(fs);
    options.config_path.clear();
    ASSIGN_OR_RETURN(const PipelineConfig config, ResolveConfig(options));
    const LoadSection& load = record_->load();
    const std::optional<uint64_t> horizon = HorizonSteps(RecordedInputs(record_->train().stage()));
    const std::string found =
        absl::StrCat(LoadKey(config, load.raw_file_sha256()).Key(),
                     TrainKey(horizon ? WithHorizon(config, *horizon) : config, load.dataset_version()).Key(),
                     EvaluateKey(config, load.dataset_version(), record_->train()).Key());
    const std::string recorded =
        absl::StrCat(record_->load().stage().key(), record_->train().stage().key(), record_->evaluate().stage().key());
    // What the stages say then: pipeline/plan/decide.h.
    if (found != recorded) return absl::InvalidArgumentError("another configuration");
    std::string frozen;
    for (const auto& [name, value] : FrozenFields(config, "")) absl::StrAppend(&frozen, name, "=", value, "\n");
    return frozen;
  };
  const Tally tally = Damage(InRun("config.textproto"), keys);
  EXPECT_EQ(tally.silent, 0);
  EXPECT_GT(tally.detected, 0);
}

// The controls: where no digest is compared with what was written, since whoever did the damage made the digests right
// as well, the same loop finds results that are others without a word.
TEST_F(FlipTest, ControlSnapshot) {
  const std::string model = JoinPath(Snapshot(), GroupFile(kModelGroup));
  const std::string index_path = JoinPath(Snapshot(), kSnapshotIndexFile);
  const std::string index_bytes = ReadFile(*fs_, index_path).value();
  const SnapshotIndex original = ReadSnapshotIndex(*fs_, Snapshot()).value();
  const auto reseal = [&](const std::string&) {
    const auto reader = SafetensorsReader::Open(*fs_, model);
    if (!reader.ok()) return;
    SnapshotIndex index = original;
    for (FileRecord& file : *index.mutable_files()) {
      if (file.name() == GroupFile(kModelGroup)) file.set_xxh3((*reader)->header_xxh3());
    }
    for (TensorRecord& tensor : *index.mutable_groups(0)->mutable_tensors()) {
      const TensorEntry* const entry = (*reader)->Find(tensor.name());
      if (entry != nullptr) tensor.set_xxh3((*reader)->Read(*entry, nullptr).value());
    }
    fs_->Add(index_path, Seal(index));
  };
  EXPECT_GT(Damage(model, UseSnapshot, reseal).silent, 0);
  fs_->Add(index_path, index_bytes);
}

TEST_F(FlipTest, ControlDataset) {
  const std::string train = JoinPath(DatasetFolder(), "train.safetensors");
  const std::string index_path = JoinPath(DatasetFolder(), kDatasetIndexFile);
  const std::string index_bytes = ReadFile(*fs_, index_path).value();
  const Dataset original = ReadDatasetIndex(*fs_, DatasetFolder()).value();
  const auto reseal = [&](const std::string& damaged) {
    Dataset index = original;
    index.mutable_splits(0)->mutable_files(0)->set_xxh3(Xxh3Hex(damaged));
    fs_->Add(index_path, Seal(index));
  };
  const Use use = [&](FileSystem& fs) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const Dataset index, ReadDatasetIndex(fs, DatasetFolder()));
    ASSIGN_OR_RETURN(const std::vector<HostTensor> tensors, ReadSplit(fs, DatasetFolder(), index, kTrainSplit));
    std::string result;
    for (const HostTensor& tensor : tensors) absl::StrAppend(&result, tensor.bytes);
    return result;
  };
  EXPECT_GT(Damage(train, use, reseal).silent, 0);
  fs_->Add(index_path, index_bytes);
}

// A resealed newest generation is believed, unless the head was noted outside.
TEST_F(FlipTest, ControlRecord) {
  const std::string newest = FilesIn(InRun("metadata")).back();
  const std::string head = UseRecord(*fs_).value();
  const auto reseal = [&](const std::string& damaged) {
    // Without the old seal, which is a tag, a length and 64 digits.
    if (damaged.size() < 67) return;
    const std::string content = damaged.substr(0, damaged.size() - 67);
    fs_->Add(newest, absl::StrCat(content, "\xa2\x06\x40", Sha256Hex(content)));
  };
  EXPECT_GT(Damage(newest, UseRecord, reseal).silent, 0);
  const Use with_head = [&](FileSystem& fs) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const RecordReport report, VerifyRecord(fs, RunDir(), head));
    if (!report.ok()) return absl::DataLossError(report.findings.front().message);
    return report.head;
  };
  EXPECT_EQ(Damage(newest, with_head, reseal).silent, 0);
}

// Whole stages, on files: one bit in the middle of each file of the run, one at a time, and the chain run again ends
// with an error that says so or with the bits that there were.
TEST_F(FlipTest, TheChainTellsOrHeals) {
  const FolderState before = StateOf(RunDir());
  const auto results = [&] {
    std::string all;
    const FolderState now = StateOf(RunDir());
    for (const auto* const outputs :
         {&record_->load().outputs(), &record_->train().model_artifacts(), &record_->evaluate().outputs()}) {
      for (const Artifact& output : *outputs) {
        const auto file = now.find(output.path());
        absl::StrAppend(&all, output.path(), file == now.end() ? "is missing" : Sha256Hex(file->second.contents));
      }
    }
    return all;
  };
  const std::string reference = results();
  const std::string copy = folder_ + "-copy";
  std::filesystem::copy(folder_, copy, std::filesystem::copy_options::recursive);
  for (const auto& [name, file] : before) {
    if (file.is_folder || file.contents.empty()) continue;
    std::string damaged = file.contents;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    WriteText(InRun(name), damaged);
    const absl::Status status = RunStages();
    ++total_.tried;
    const bool same = status.ok() && results() == reference;
    ++(!status.ok() ? total_.detected : same ? total_.harmless : total_.silent);
    EXPECT_TRUE(!status.ok() || same) << name << ": other results without a word";
    std::filesystem::remove_all(folder_);
    std::filesystem::copy(copy, folder_, std::filesystem::copy_options::recursive);
  }
  EXPECT_EQ(total_.silent, 0);
}

}  // namespace
}  // namespace baton
