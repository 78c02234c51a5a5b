#include "tests/pipeline_harness.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file_system.h"
#include "base/random.h"
#include "gtest/gtest.h"
#include "metadata/store.h"

namespace baton {
namespace {

constexpr char kConfig[] = R"(name: "small"
seed: 5
load {
  raw_filepath: "table.csv"
  table {
    target_column: "kind"
    task: CLASSIFICATION
  }
  split { validation_fraction: 0.2 holdout_fraction: 0.2 }
}
train {
  model { mlp { hidden_sizes: [8] dropout: 0.2 } }
  criterion { cross_entropy {} }
  optimizer { learning_rate: 0.01 adamw {} }
  batch_size: 16
  micro_batches: 2
  workers: 1
  max_epochs: 4
  snapshots { every_steps: 3 }
  device: "cpu"
}
)";

// A number in [0, 1) for each purpose, row and column.
double Uniform(uint64_t seed, const char* purpose, uint64_t row, uint64_t column) {
  return static_cast<double>(MixSeed(seed, purpose, row, column) >> 11) * 0x1p-53;
}

// The child's side of fork().
[[noreturn]] void BecomeProgram(const std::vector<char*>& arguments, const std::vector<char*>& environment,
                                const std::string& out, const std::string& err) {
  setpgid(0, 0);
  // Permissions of files then count for root as they do for others. Who may not do this is not root.
  prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), STDOUT_FILENO);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), STDERR_FILENO);
  execve(arguments[0], arguments.data(), environment.data());
  _exit(127);
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool IsBelow(const std::string& path, const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    if (path == folder || path.rfind(folder + "/", 0) == 0) return true;
  }
  return false;
}

}  // namespace

ProcessResult RunProcess(const std::vector<std::string>& command, const ProcessOptions& options) {
  static int processes = 0;
  const std::string base = absl::StrCat(testing::TempDir(), "/process_", ++processes);
  const std::string out = base + ".out", err = base + ".err";
  std::vector<std::string> arguments = command;
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  for (const auto& [name, value] : options.environment) {
    std::erase_if(environment, [&](const std::string& variable) { return variable.rfind(name + "=", 0) == 0; });
    environment.push_back(name + "=" + value);
  }
  const std::vector<char*> argument_pointers = Pointers(arguments), environment_pointers = Pointers(environment);

  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(argument_pointers, environment_pointers, out, err);
  setpgid(pid, pid);
  const auto start = std::chrono::steady_clock::now();
  bool signalled = false;
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (options.signal_when != nullptr && !signalled && options.signal_when(ReadText(err))) {
      kill(pid, options.signal);
      signalled = true;
    }
    if (std::chrono::steady_clock::now() - start > std::chrono::duration<double>(options.timeout_seconds)) {
      ADD_FAILURE() << command[0] << " did not end in " << options.timeout_seconds << " s:\n" << ReadText(err);
      kill(-pid, SIGKILL);
      waitpid(pid, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), ReadText(out), ReadText(err)};
}

std::string Binary(const std::string& path) { return (std::filesystem::current_path() / path).string(); }

std::string TableText(int rows, uint64_t seed) {
  std::string text = "x1,x2,x3,x4,kind\n";
  for (int row = 0; row < rows; ++row) {
    double x[4];
    for (int column = 0; column < 4; ++column) {
      x[column] = 2 * Uniform(seed, "x", row, column) - 1;
      absl::StrAppendFormat(&text, "%.6f,", x[column]);
    }
    const bool wrong = Uniform(seed, "wrong", row, 0) < 0.05;
    absl::StrAppend(&text, (x[0] + x[1] / 2 - x[2] > 0) != wrong ? "right" : "left", "\n");
  }
  return text;
}

FolderState StateOf(const std::string& folder) {
  FolderState state;
  if (!std::filesystem::exists(folder)) return state;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    FileState& file = state[std::filesystem::relative(entry.path(), folder).string()];
    file.is_folder = entry.is_directory();
    if (!file.is_folder) file.contents = ReadText(entry.path());
    file.modified_nanoseconds = entry.last_write_time().time_since_epoch().count();
  }
  return state;
}

std::vector<std::string> Differences(const FolderState& before, const FolderState& after,
                                     const std::vector<std::string>& ignored) {
  std::vector<std::string> lines;
  for (const auto& [path, file] : before) {
    if (IsBelow(path, ignored)) continue;
    const auto found = after.find(path);
    if (found == after.end()) {
      lines.push_back("gone " + path);
    } else if (file.is_folder != found->second.is_folder || file.contents != found->second.contents ||
               file.modified_nanoseconds != found->second.modified_nanoseconds) {
      lines.push_back("rewritten " + path);
    }
  }
  for (const auto& [path, file] : after) {
    if (!IsBelow(path, ignored) && before.count(path) == 0) lines.push_back("new " + path);
  }
  return lines;
}

PipelineFolder::PipelineFolder(const std::string& name)
    : folder_((std::filesystem::path(testing::TempDir()) / name).string()) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  WriteText(table(), TableText(120));
  WriteText(config(), kConfig);
}

ProcessResult PipelineFolder::Run(const std::string& program, const std::vector<std::string>& arguments,
                                  const ProcessOptions& options) const {
  std::vector<std::string> command = {Binary("pipeline/" + program + "/" + program), "--config=" + config(),
                                      "--run_dir=" + run_dir()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunProcess(command, options);
}

Metadata PipelineFolder::Record() const {
  const absl::StatusOr<std::unique_ptr<MetadataStore>> store = MetadataStore::Open(FileSystem::Posix(), run_dir(), "");
  const absl::StatusOr<Metadata> record = store.ok() ? (*store)->Read() : store.status();
  EXPECT_TRUE(record.ok()) << record.status();
  return record.ok() ? *record : Metadata();
}

bool PipelineFolder::HasSnapshot() const {
  // What is being written has another name until it is complete.
  glob_t found = {};
  const bool any = glob((run_dir() + "/train/*/step-*/state.binpb").c_str(), 0, nullptr, &found) == 0;
  globfree(&found);
  return any;
}

bool MountDisk(const std::string& path, int64_t bytes) {
  std::filesystem::create_directories(path);
  const std::string size = absl::StrCat("size=", bytes);
  if (mount("tmpfs", path.c_str(), "tmpfs", 0, size.c_str()) == 0) return true;
  // Who is not root may in a namespace of their own, in which they are.
  const uid_t user = getuid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  WriteText("/proc/self/uid_map", absl::StrCat("0 ", user, " 1"));
  return mount("tmpfs", path.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

void ResizeDisk(const std::string& path, int64_t bytes) {
  EXPECT_EQ(mount("tmpfs", path.c_str(), "tmpfs", MS_REMOUNT, absl::StrCat("size=", bytes).c_str()), 0);
}

void UnmountDisk(const std::string& path) { EXPECT_EQ(umount2(path.c_str(), MNT_DETACH), 0); }

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  EXPECT_TRUE(file.flush().good()) << path;
}

}  // namespace baton
