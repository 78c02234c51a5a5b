#include "base/command_line.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/fields.h"

namespace baton {
namespace {

absl::Status UnknownFlag(absl::string_view name) {
  std::vector<std::string> names = {"help"};
  for (const auto& flag : absl::GetAllFlags()) names.emplace_back(flag.first);
  const std::string nearest = NearestName(name, names);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown flag --", name, nearest.empty() ? "" : absl::StrCat(": did you mean --", nearest, "?"), "; see --help"));
}

// The flag that `--noNAME` turns off; null if there is none.
absl::CommandLineFlag* Negated(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, "no")) return nullptr;
  absl::CommandLineFlag* const flag = absl::FindCommandLineFlag(name);
  return flag != nullptr && flag->IsOfType<bool>() ? flag : nullptr;
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    absl::string_view name = argv[i];
    if (name == "--") {
      line.arguments.insert(line.arguments.end(), argv + i + 1, argv + argc);
      break;
    }
    if (!absl::ConsumePrefix(&name, "-") || name.empty()) {
      line.arguments.emplace_back(argv[i]);
      continue;
    }
    absl::ConsumePrefix(&name, "-");
    const size_t equals = name.find('=');
    const bool has_value = equals != absl::string_view::npos;
    std::string value(has_value ? name.substr(equals + 1) : "");
    name = name.substr(0, equals);
    if ((name == "help" || name == "h") && !has_value) {
      line.help = true;
      continue;
    }

    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    if (flag == nullptr && !has_value && (flag = Negated(name)) != nullptr) {
      value = "false";
    } else if (flag == nullptr) {
      return UnknownFlag(name);
    } else if (!has_value && flag->IsOfType<bool>()) {
      value = "true";
    } else if (!has_value) {
      if (i + 1 == argc) return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value; see --help"));
      value = argv[++i];
    }
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, "=", value, " cannot be used", error.empty() ? "" : ": ", error, "; see --help"));
    }
  }
  return line;
}

std::string WorkingFolder() {
  const char* const folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (folder != nullptr && *folder != '\0') return folder;
  char current[PATH_MAX];
  return getcwd(current, sizeof(current)) != nullptr ? current : "/";
}

}  // namespace baton
