#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "base/command_line.h"
#include "base/file_system.h"
#include "base/program.h"
#include "metadata/inspect.h"

ABSL_FLAG(std::string, format, "text", "text or json");
ABSL_FLAG(std::string, head, "", "seal that the newest generation once had");

namespace {

absl::Status Body(const std::vector<std::string>& arguments) {
  baton::InspectOptions options;
  options.arguments = arguments;
  options.format = absl::GetFlag(FLAGS_format);
  options.head = absl::GetFlag(FLAGS_head);
  options.working_folder = baton::WorkingFolder();
  std::string output;
  const absl::Status status = baton::Inspect(baton::FileSystem::Posix(), options, output);
  std::cout << output;
  return status;
}

}  // namespace

int main(int argc, char** argv) { return baton::RunProgram(argc, argv, baton::InspectHelp(), Body); }
