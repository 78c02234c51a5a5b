// main() of the tests of faults, with their flags: bazel test //tests:kill_test --test_arg=--kills=1000

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "glog/logging.h"
#include "gmock/gmock.h"

ABSL_FLAG(int, chances, 1, "power_cut_test: at each cut, how often what the disk has done is left to chance");
ABSL_FLAG(int, kills, 100, "kill_test: how many times training is killed");

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  absl::ParseCommandLine(argc, argv);
  // Thousands of faults are told of.
  FLAGS_minloglevel = google::GLOG_FATAL;
  return RUN_ALL_TESTS();
}
