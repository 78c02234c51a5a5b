#include "state/group_names.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace baton {
namespace {

// "A" and "/B".
std::pair<absl::string_view, absl::string_view> Split(absl::string_view group) {
  const size_t slash = std::min(group.find('/'), group.size());
  return {group.substr(0, slash), group.substr(slash)};
}

}  // namespace

std::string OptimizerGroup(absl::string_view slot) { return absl::StrCat(kOptimizerPrefix, slot); }

bool IsGroupName(absl::string_view name) {
  const auto [file, rest] = Split(name);
  const auto is_letter = [](char c) { return absl::ascii_islower(static_cast<unsigned char>(c)) || c == '_'; };
  if (file.empty() || !std::all_of(file.begin(), file.end(), is_letter)) return false;
  return rest.empty() || (rest.size() > 1 && rest.find('/', 1) == absl::string_view::npos);
}

std::string GroupFile(absl::string_view group) { return absl::StrCat(Split(group).first, ".safetensors"); }

std::string NameInFile(absl::string_view group, absl::string_view tensor) {
  const absl::string_view rest = Split(group).second;
  return rest.empty() ? std::string(tensor) : absl::StrCat(rest.substr(1), "/", tensor);
}

}  // namespace baton
