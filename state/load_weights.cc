#include "state/load_weights.h"

#include <exception>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/status_macros.h"
#include "state/snapshot_reader.h"

namespace baton {
namespace {

std::string Shape(const std::vector<int64_t>& shape) { return absl::StrCat("[", absl::StrJoin(shape, ", "), "]"); }

// Which of `there` go to which of `here`, as pairs of positions.
std::vector<std::pair<size_t, size_t>> Match(const FlatLayout& there, const FlatLayout& here, WeightsReport& report) {
  std::map<std::string, size_t> positions;
  for (size_t i = 0; i < there.entries.size(); ++i) positions[there.entries[i].name] = i;
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0; i < here.entries.size(); ++i) {
    const FlatLayout::Entry& entry = here.entries[i];
    const auto found = positions.extract(entry.name);
    if (found.empty()) {
      report.missing.push_back(entry.name);
    } else if (const auto& shape = there.entries[found.mapped()].shape; shape != entry.shape) {
      report.other_shape.push_back(absl::StrCat(entry.name, " ", Shape(shape), " (here ", Shape(entry.shape), ")"));
    } else {
      report.loaded.push_back(entry.name);
      pairs.emplace_back(found.mapped(), i);
    }
  }
  for (const FlatLayout::Entry& entry : there.entries) {
    if (positions.contains(entry.name)) report.unexpected.push_back(entry.name);
  }
  return pairs;
}

absl::Status CheckFit(const WeightsReport& report, Strictness strictness) {
  const bool all = report.missing.empty() && report.unexpected.empty() && report.other_shape.empty();
  if (all || (strictness == Strictness::kWhatFits && !report.loaded.empty())) return absl::OkStatus();
  std::string text = "its weights do not fit this model";
  const auto add = [&text](absl::string_view what, const std::vector<std::string>& names) {
    if (!names.empty()) absl::StrAppend(&text, "; ", what, ": ", absl::StrJoin(names, ", "));
  };
  add("it lacks", report.missing);
  add("it has besides", report.unexpected);
  add("of another shape", report.other_shape);
  return absl::InvalidArgumentError(text);
}

}  // namespace

absl::StatusOr<WeightsReport> LoadWeights(FileSystem& fs, const std::string& path, WeightsOf which,
                                          Strictness strictness, FlatTensors& parameters) try {
  ASSIGN_OR_RETURN(SnapshotReader reader, SnapshotReader::Open(fs, path));
  ASSIGN_OR_RETURN(const FlatTensors weights,
                   reader.Want(*FindGroup(reader.index(), WeightsGroup(reader.index(), which))));
  WeightsReport report;
  const auto pairs = Match(weights.layout(), parameters.layout(), report);
  if (const absl::Status status = CheckFit(report, strictness); !status.ok()) {
    return Annotate(status, absl::StrCat("snapshot ", path));
  }
  RETURN_IF_ERROR(reader.ReadTensors());
  for (const auto& [there, here] : pairs) parameters.views()[here].copy_(weights.views()[there]);
  return report;
} catch (const std::exception& exception) {
  return Annotate(StatusFromException(exception), absl::StrCat("loading weights from ", path));
}

}  // namespace baton
