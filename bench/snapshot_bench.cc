// Measures saving and loading a State of 500 MB, one piece of work at a time: bench/compare_snapshots.py drives it, so
// that each piece takes turns with Python's. Reads lines from stdin, each the name of a piece, and answers each with
// the seconds that it took:
//
//   memcpy   the State's bytes to memory that is there already
//   stall    what SnapshotWriter keeps a training loop waiting that changes the State right after it has it saved: Save
//            and FinishCopy; the rest goes on meanwhile
//   save     SaveSnapshot, durable
//   raw      the same bytes, written to as many files in pieces of 1 MiB, each synced; no digests, no folder
//   load     LoadSnapshot, every byte verified
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file_system.h"
#include "base/files.h"
#include "base/program.h"
#include "base/status_macros.h"
#include "state/snapshot.h"
#include "state/snapshot_store.h"
#include "state/snapshot_writer.h"

ABSL_FLAG(std::string, folder, "", "where to write");

namespace baton {
namespace {

constexpr char kHelp[] = "Measures snapshots; bench/compare_snapshots.py drives it. --folder=DIR\n";
constexpr size_t kPieceBytes = size_t{1} << 20;

// A transformer of 12 blocks, 512 wide, with a vocabulary of 8192: 146 tensors with 42 M parameters, and AdamW's two
// moments of each.
State MakeState() {
  constexpr int64_t kWidth = 512;
  std::vector<ParameterSpec> parameters = {{.name = "embedding", .shape = {8192, kWidth}, .weight_decay = true}};
  const auto add = [&](const std::string& name, std::vector<int64_t> shape) {
    const bool weight_decay = shape.size() > 1;
    parameters.push_back({.name = name, .shape = std::move(shape), .weight_decay = weight_decay});
  };
  for (int block = 0; block < 12; ++block) {
    const std::string prefix = absl::StrCat("blocks.", block, ".");
    for (const char* const norm : {"norm_1", "norm_2"}) {
      add(absl::StrCat(prefix, norm, ".weight"), {kWidth});
      add(absl::StrCat(prefix, norm, ".bias"), {kWidth});
    }
    const auto linear = [&](const char* name, int64_t outputs, int64_t inputs) {
      add(absl::StrCat(prefix, name, ".weight"), {outputs, inputs});
      add(absl::StrCat(prefix, name, ".bias"), {outputs});
    };
    linear("attention.inputs", 3 * kWidth, kWidth);
    linear("attention.outputs", kWidth, kWidth);
    linear("mlp.inputs", 4 * kWidth, kWidth);
    linear("mlp.outputs", kWidth, 4 * kWidth);
  }
  add("norm.weight", {kWidth});
  const auto layout = FlatLayout::Create(parameters).value();
  State state;
  const auto filled = [&](double mean) {
    FlatTensors tensors(layout, at::kCPU);
    for (const at::Tensor& view : tensors.views()) view.normal_(mean, 0.02);
    return tensors;
  };
  state.groups = {{kModelGroup, filled(0)}, {"optimizer/exp_avg", filled(0)}, {"optimizer/exp_avg_sq", filled(1)}};
  state.progress.set_step_index(1);
  return state;
}

std::vector<absl::string_view> Bytes(const State& state) {
  std::vector<absl::string_view> bytes;
  const auto add = [&](const FlatTensors& tensors) {
    bytes.emplace_back(static_cast<const char*>(tensors.flat().const_data_ptr()), tensors.flat().nbytes());
  };
  for (const TensorGroup& group : state.groups) add(group.tensors);
  return bytes;
}

absl::Status WriteRaw(const State& state, const std::string& folder) {
  FileSystem& fs = FileSystem::Posix();
  int file = 0;
  for (const absl::string_view bytes : Bytes(state)) {
    const std::string path = absl::StrCat(folder, "/", file++);
    const int fd = fs.Open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    for (size_t begin = 0; begin < bytes.size(); begin += kPieceBytes) {
      const absl::string_view piece = bytes.substr(begin, kPieceBytes);
      if (fs.Write(fd, piece.data(), piece.size()) != static_cast<int64_t>(piece.size())) {
        return absl::UnknownError("a short write");
      }
    }
    if (fs.Sync(fd) != 0 || fs.Close(fd) != 0) return absl::UnknownError("the sync failed");
  }
  return absl::OkStatus();
}

class Bench {
 public:
  explicit Bench(std::string folder)
      : folder_(std::move(folder)),
        state_(MakeState()),
        copy_(state_.CopyTo(at::kCPU)),
        store_(FileSystem::Posix(), JoinPath(folder_, "stall")),
        writer_(store_, {}, state_) {}

  absl::StatusOr<double> Seconds(absl::string_view piece) {
    // Neither what was left to write nor what is to be removed is measured.
    if (piece == "save" || piece == "raw" || piece == "stall") {
      RETURN_IF_ERROR(writer_.Wait());
      std::filesystem::remove_all(JoinPath(folder_, piece));
      if (piece == "raw") std::filesystem::create_directory(JoinPath(folder_, piece));
      sync();
    }
    std::optional<State> loaded;
    const absl::Time start = absl::Now();
    if (piece == "memcpy") {
      const std::vector<absl::string_view> from = Bytes(state_), to = Bytes(copy_);
      for (size_t i = 0; i < from.size(); ++i)
        std::memcpy(const_cast<char*>(to[i].data()), from[i].data(), from[i].size());
    } else if (piece == "stall") {
      RETURN_IF_ERROR(writer_.Save(state_, SnapshotWriter::Importance::kRequired).status());
      writer_.FinishCopy();
      const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
      RETURN_IF_ERROR(writer_.Wait());
      return seconds;
    } else if (piece == "save") {
      RETURN_IF_ERROR(SaveSnapshot(FileSystem::Posix(), state_, JoinPath(folder_, piece)).status());
    } else if (piece == "raw") {
      RETURN_IF_ERROR(WriteRaw(state_, JoinPath(folder_, piece)));
    } else if (piece == "load") {
      ASSIGN_OR_RETURN(loaded, LoadSnapshot(FileSystem::Posix(), JoinPath(folder_, "save"), at::kCPU));
    } else {
      return absl::InvalidArgumentError(absl::StrCat("unknown piece '", piece, "'"));
    }
    return absl::ToDoubleSeconds(absl::Now() - start);
  }

 private:
  const std::string folder_;
  State state_;
  State copy_;
  SnapshotStore store_;
  SnapshotWriter writer_;
};

absl::Status Run() {
  Bench bench(absl::GetFlag(FLAGS_folder));
  std::cout << "ready" << std::endl;
  for (std::string piece; std::getline(std::cin, piece);) {
    ASSIGN_OR_RETURN(const double seconds, bench.Seconds(piece));
    std::cout << seconds << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  return baton::RunProgram(argc, argv, baton::kHelp, [](const std::vector<std::string>&) { return baton::Run(); });
}
