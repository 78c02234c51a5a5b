// What a commit to the record costs: beside the disk's fsync, at records of more and more generations, and with it,
// beside the least that any durable new file costs (write, fsync, fsync of the folder) at the same time.
// docs/performance.md has results.
//
//   bazel run -c opt //bench:commit_bench
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/files.h"
#include "base/key.h"
#include "base/program.h"
#include "base/status_macros.h"
#include "metadata/section_writer.h"
#include "metadata/store.h"

ABSL_FLAG(std::string, folder, "", "where to write; empty: the system's temporary folder");
ABSL_FLAG(int, rounds, 300, "commits that are measured at each size");

namespace baton {
namespace {

constexpr char kHelp[] = "Measures what a commit to the record costs. --folder=DIR --rounds=N\n";

// Does not wait for the disk.
class WithoutSync : public FileSystem {
 public:
  int Sync(int) override { return 0; }
};

// A train section as it is after fifty epochs: 9 KB, of which a commit changes a few bytes.
absl::Status Fill(MetadataStore& store, SectionWriter<TrainSection>& train) {
  SectionWriter<LoadSection> load(store);
  RETURN_IF_ERROR(load.Update([](LoadSection& section) {
    for (int i = 0; i < 31; ++i) {
      ColumnSummary& column = *section.add_schema();
      column.set_name(absl::StrCat("mean radius of feature ", i));
      column.set_role("feature");
      column.set_kind("number");
    }
    for (int i = 0; i < 6; ++i) {
      Artifact& file = *section.add_outputs();
      file.set_path(absl::StrCat("load/0123456789abcdef/file", i, ".safetensors"));
      file.set_size_bytes(123456 + i);
      file.set_sha256(std::string(64, '0'));
    }
  }));
  KeyInputs inputs;
  for (int i = 0; i < 40; ++i) inputs.Add(absl::StrCat("train.option_number_", i), "0.001");
  RETURN_IF_ERROR(train.BeginAttempt(inputs, {}));
  return train.Update([](TrainSection& section) {
    for (int epoch = 0; epoch < 50; ++epoch) {
      Measurement& entry = *section.add_history();
      entry.set_epoch_index(epoch);
      entry.set_step_index(100 * epoch);
      entry.set_train_loss(0.3);
      entry.set_validation_loss(0.4);
      entry.set_learning_rate(0.001);
      (*entry.mutable_validation_metrics())["accuracy"] = 0.9;
    }
  });
}

absl::Status CommitOnce(SectionWriter<TrainSection>& train) {
  return train.Update([](TrainSection& section) {
    SnapshotReference& last = *section.mutable_last_snapshot();
    last.set_step_index(last.step_index() + 1);
  });
}

double Milliseconds(const std::function<absl::Status()>& work, absl::Status& status) {
  const auto start = std::chrono::steady_clock::now();
  status.Update(work());
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

absl::Status WriteRaw(const std::string& folder, const std::string& path, const std::string& bytes) {
  FileSystem& fs = FileSystem::Posix();
  ASSIGN_OR_RETURN(const auto writer, FileWriter::Create(fs, path));
  RETURN_IF_ERROR(writer->Append(bytes));
  RETURN_IF_ERROR(writer->Finish());
  return SyncFolder(fs, folder);
}

absl::Status Measure(const std::string& run_dir, uint64_t generations, int rounds) {
  WithoutSync unsynced;
  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(unsynced, run_dir, "bench"));
  SectionWriter<TrainSection> train(*store);
  RETURN_IF_ERROR(Fill(*store, train));
  ASSIGN_OR_RETURN(Metadata record, store->Read());
  for (uint64_t i = record.generation(); i < generations; ++i) RETURN_IF_ERROR(CommitOnce(train));

  // Of two processes' stores, of which each commits after the other did.
  ASSIGN_OR_RETURN(const auto other_store, MetadataStore::Open(unsynced, run_dir, "bench"));
  SectionWriter<TrainSection> other(*other_store);
  ASSIGN_OR_RETURN(const auto durable_store, MetadataStore::Open(FileSystem::Posix(), run_dir, "bench"));
  SectionWriter<TrainSection> durable(*durable_store);
  const std::string bytes(record.ByteSizeLong(), 'x');

  const std::string raw = JoinPath(run_dir, "raw");
  RETURN_IF_ERROR(MakeFolders(FileSystem::Posix(), raw));

  absl::Status status;
  std::vector<double> alone, taking_turns, reads, ratios;
  for (int i = 0; i < rounds; ++i) {
    RETURN_IF_ERROR(store->Read().status());
    alone.push_back(Milliseconds([&] { return CommitOnce(train); }, status));
    taking_turns.push_back(Milliseconds([&] { return CommitOnce(other); }, status));
    reads.push_back(Milliseconds([&] { return store->Read().status(); }, status));
    RETURN_IF_ERROR(durable_store->Read().status());
    const double commit = Milliseconds([&] { return CommitOnce(durable); }, status);
    const std::string file = JoinPath(raw, absl::StrCat(i));
    const double write = Milliseconds([&] { return WriteRaw(raw, file, bytes); }, status);
    ratios.push_back(commit / write);
  }
  std::printf("%10ju  %8zu  %10.3f  %10.3f  %10.3f  %10.3f  %10.2f\n", static_cast<uintmax_t>(generations),
              bytes.size(), Quantile(alone, 0.5), Quantile(alone, 0.95), Quantile(taking_turns, 0.5),
              Quantile(reads, 0.5), Quantile(ratios, 0.5));
  return status;
}

absl::Status Body(const std::vector<std::string>&) {
  const std::string chosen = absl::GetFlag(FLAGS_folder);
  const std::string folder = JoinPath(chosen.empty() ? std::filesystem::temp_directory_path().string() : chosen,
                                      absl::StrCat("baton-commit-bench-", getpid()));
  std::printf(
      "milliseconds without fsync (median, 95th percentile; median where another process committed in between; a "
      "read), and with fsync: commit / raw durable write, median\n%10s  %8s  %10s  %10s  %10s  %10s  %10s\n",
      "generation", "bytes", "commit", "95 %", "after one", "read", "ratio");
  absl::Status status;
  for (const uint64_t generations : {10, 1000, 10000}) {
    status.Update(Measure(JoinPath(folder, absl::StrCat(generations)), generations, absl::GetFlag(FLAGS_rounds)));
  }
  status.Update(RemoveTree(FileSystem::Posix(), folder));
  return status;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::RunProgram(argc, argv, baton::kHelp, baton::Body); }
