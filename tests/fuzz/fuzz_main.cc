// The main() of the fuzz targets: `TARGET CORPUS_FOLDER`.
//
// Built with libFuzzer (bazel test --config=fuzz) it runs the seeds and the inputs in the folder and then lets
// libFuzzer find new ones, for BATON_FUZZ_SECONDS (10). What it finds stays in the folder BATON_FUZZ_CORPUS where that
// is set. Built without it runs them, and BATON_FUZZ_MUTATIONS (3000) mutations of them, the same ones each time.
//
// An input that breaks something ends the process; it lies in TEST_UNDECLARED_OUTPUTS_DIR, else in TEST_TMPDIR.

#include <glog/logging.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/files.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/fuzz_target.h"

#ifdef BATON_LIBFUZZER
extern "C" int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*test_one_input)(const uint8_t* data, size_t size));
#else
extern "C" __attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                                                unsigned seed);
#endif

namespace baton {
namespace {

constexpr size_t kMaxInput = 4096;

std::string Environment(const char* name, const std::string& otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

std::string TemporaryFolder() { return Environment("TEST_TMPDIR", std::filesystem::temp_directory_path()); }

std::vector<std::string> ReadCorpus(const std::string& folder) {
  std::vector<std::string> inputs;
  const absl::StatusOr<std::vector<std::string>> names = ListFolder(FileSystem::Posix(), folder);
  Require(names.ok() || absl::IsNotFound(names.status()), names.status().ToString());
  if (!names.ok()) return inputs;
  for (const std::string& name : *names) {
    const absl::StatusOr<std::string> input = ReadFile(FileSystem::Posix(), JoinPath(folder, name));
    Require(input.ok(), input.status().ToString());
    inputs.push_back(*input);
  }
  return inputs;
}

int TestOneInput(const uint8_t* data, size_t size) {
  TestInput(AsText(data, size));
  return 0;
}

void RunInput(const std::string& input) {
  // Exactly its bytes, so that a sanitizer sees one read behind them.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  TestOneInput(bytes.data(), bytes.size());
}

#ifdef BATON_LIBFUZZER

int Fuzz(const char* program, const std::vector<std::string>& inputs, size_t) {
  const std::string outputs = Environment("TEST_UNDECLARED_OUTPUTS_DIR", TemporaryFolder());
  const std::string found = Environment("BATON_FUZZ_CORPUS", JoinPath(TemporaryFolder(), "found"));
  const std::string seeds = JoinPath(TemporaryFolder(), "seeds");
  std::filesystem::create_directories(found);
  std::filesystem::create_directories(seeds);
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::ofstream(JoinPath(seeds, absl::StrCat(i)), std::ios::binary) << inputs[i];
  }
  std::vector<std::string> arguments = {
      program,
      "-max_total_time=" + Environment("BATON_FUZZ_SECONDS", "10"),
      absl::StrCat("-max_len=", kMaxInput),
      "-timeout=10",
      "-rss_limit_mb=2048",
      "-malloc_limit_mb=128",
      "-print_final_stats=1",
      "-len_control=0",
      "-verbosity=0",
      "-artifact_prefix=" + JoinPath(outputs, "broken-by-"),
      found,
      seeds,
  };
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = pointers.size();
  pointers.push_back(nullptr);
  char** argv = pointers.data();
  return LLVMFuzzerRunDriver(&count, &argv, TestOneInput);
}

#else

// The input that is being run, for the handler.
std::string current_input;
std::string broken_path;

void KeepBrokenInput(int signal) {
  std::FILE* const file = std::fopen(broken_path.c_str(), "wb");
  if (file != nullptr) {
    std::fwrite(current_input.data(), 1, current_input.size(), file);
    std::fclose(file);
    std::fprintf(stderr, "the input that broke it is in %s\n", broken_path.c_str());
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::mt19937& MutationRandom() {
  static std::mt19937 random(1);
  return random;
}

int Fuzz(const char*, const std::vector<std::string>& inputs, size_t seeds) {
  broken_path = JoinPath(Environment("TEST_UNDECLARED_OUTPUTS_DIR", TemporaryFolder()), "broken-by");
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, KeepBrokenInput);
  const auto run = [](std::string input) {
    current_input = std::move(input);
    RunInput(current_input);
  };
  for (const std::string& input : inputs) run(input);
  uint64_t mutations = 0;
  Require(absl::SimpleAtoi(Environment("BATON_FUZZ_MUTATIONS", "3000"), &mutations),
          "BATON_FUZZ_MUTATIONS is a number");
  for (uint64_t i = 0; i < mutations; ++i) {
    std::string input = inputs[i % inputs.size()];
    // Some are changed in several places.
    for (uint64_t times = 1 + i / inputs.size() % 4; times > 0; --times) {
      size_t size = input.size();
      input.resize(std::max(size, kMaxInput));
      uint8_t* const bytes = reinterpret_cast<uint8_t*>(input.data());
      size = LLVMFuzzerCustomMutator == nullptr
                 ? LLVMFuzzerMutate(bytes, size, input.size())
                 : LLVMFuzzerCustomMutator(bytes, size, input.size(), MutationRandom()());
      input.resize(size);
    }
    run(std::move(input));
  }
  std::printf("%zu seeds, %zu kept inputs and %llu mutations run, %llu accepted\n", seeds, inputs.size() - seeds,
              static_cast<unsigned long long>(mutations), static_cast<unsigned long long>(AcceptedCount()));
  return 0;
}

#endif

int Main(int argc, char** argv) {
  Require(argc == 2, "usage: TARGET CORPUS_FOLDER");
  // What the product says of a damaged file, it would say thousands of times.
  FLAGS_minloglevel = google::GLOG_FATAL;
  google::protobuf::SetLogHandler(nullptr);
  std::vector<std::string> inputs = Seeds();
  const size_t seeds = inputs.size();
  Require(seeds > 0, "a target has seeds");
  for (size_t i = 0; i < seeds; ++i) {
    const uint64_t before = AcceptedCount();
    RunInput(inputs[i]);
    Require(AcceptedCount() > before, absl::StrCat("seed ", i, " is accepted"));
  }
  for (std::string& input : ReadCorpus(argv[1])) inputs.push_back(std::move(input));
  return Fuzz(argv[0], inputs, seeds);
}

}  // namespace
}  // namespace baton

#ifndef BATON_LIBFUZZER

// Changes a few bytes, as libFuzzer's function of this name does without its dictionary.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size) {
  std::mt19937& random = baton::MutationRandom();
  const auto below = [&random](size_t end) { return end == 0 ? 0 : random() % end; };
  const size_t place = below(size + 1), length = 1 + below(8);
  switch (below(6)) {
    case 0:  // other bits
      if (place < size) data[place] ^= 1 << below(8);
      return size;
    case 1:  // another byte
      if (place < size) data[place] = random();
      return size;
    case 2:  // less at the end
      return below(4) == 0 ? place : size;
    case 3:  // less in the middle
      if (place + length >= size) return size;
      std::copy(data + place + length, data + size, data + place);
      return size - length;
    case 4: {  // some of it again
      if (size + length > max_size || place + length > size) return size;
      std::copy_backward(data + place, data + size, data + size + length);
      return size + length;
    }
    default:  // something new
      if (size + length > max_size) return size;
      std::copy_backward(data + place, data + size, data + size + length);
      for (size_t i = 0; i < length; ++i) data[place + i] = random();
      return size + length;
  }
}

#endif

int main(int argc, char** argv) { return baton::Main(argc, argv); }
