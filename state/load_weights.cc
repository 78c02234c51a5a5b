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

// Tensors of the snapshot and those here that they are to go to.
using Pairs = std::vector<std::pair<at::Tensor, at::Tensor>>;

// Adds to `pairs` and `report` what of `there` goes to what of `here`.
void Match(const FlatTensors& there, const FlatTensors& here, Pairs& pairs, WeightsReport& report) {
  const auto& theirs = there.layout().entries;
  const auto& ours = here.layout().entries;
  std::map<std::string, size_t> positions;
  for (size_t i = 0; i < theirs.size(); ++i) positions[theirs[i].name] = i;
  for (size_t i = 0; i < ours.size(); ++i) {
    const auto found = positions.extract(ours[i].name);
    if (found.empty()) {
      report.missing.push_back(ours[i].name);
    } else if (const auto& shape = theirs[found.mapped()].shape; shape != ours[i].shape) {
      report.other_shape.push_back(absl::StrCat(ours[i].name, " ", Shape(shape), " (here ", Shape(ours[i].shape), ")"));
    } else {
      report.loaded.push_back(ours[i].name);
      pairs.emplace_back(there.views()[found.mapped()], here.views()[i]);
    }
  }
  for (const FlatLayout::Entry& entry : theirs) {
    if (positions.contains(entry.name)) report.unexpected.push_back(entry.name);
  }
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
                                          Strictness strictness, const FlatTensors& parameters,
                                          const FlatTensors* buffers) try {
  ASSIGN_OR_RETURN(SnapshotReader reader, SnapshotReader::Open(fs, path));
  ASSIGN_OR_RETURN(const FlatTensors weights,
                   reader.Want(*FindGroup(reader.index(), WeightsGroup(reader.index(), which))));
  FlatTensors their_buffers;
  if (const char* const group = BuffersGroup(reader.index(), which); group != nullptr) {
    ASSIGN_OR_RETURN(their_buffers, reader.Want(*FindGroup(reader.index(), group)));
  }
  WeightsReport report;
  Pairs pairs;
  Match(weights, parameters, pairs, report);
  Match(their_buffers, buffers != nullptr ? *buffers : FlatTensors(), pairs, report);
  if (const absl::Status status = CheckFit(report, strictness); !status.ok()) {
    return Annotate(status, absl::StrCat("snapshot ", path));
  }
  RETURN_IF_ERROR(reader.ReadTensors());
  for (const auto& [there, here] : pairs) here.copy_(there);
  return report;
} catch (const std::exception& exception) {
  return Annotate(StatusFromException(exception), absl::StrCat("loading weights from ", path));
}

}  // namespace baton
