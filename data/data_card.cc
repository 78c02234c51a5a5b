#include "data/data_card.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace baton {
namespace {

// Text of the user's in a cell of a table.
std::string Cell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"|", "\\|"}, {"\r\n", " "}, {"\n", " "}, {"\r", " "}});
}

std::string TableRow(const std::vector<std::string>& cells) {
  return absl::StrCat("| ", absl::StrJoin(cells, " | "), " |\n");
}

std::string Number(double value) { return absl::StrFormat("%.6g", value); }

std::string SplitsTable(const TabularDataset& dataset, const std::vector<std::string>& labels) {
  std::vector<std::string> heading = {"split", "rows"};
  for (const std::string& label : labels) heading.push_back(Cell(label));
  std::string text = absl::StrCat(TableRow(heading), TableRow(std::vector<std::string>(heading.size(), "---")));
  for (const SplitTensors& split : dataset.splits) {
    std::vector<std::string> cells = {split.name, absl::StrCat(split.rows)};
    for (const uint64_t count : split.class_counts) cells.push_back(absl::StrCat(count));
    text += TableRow(cells);
  }
  return text;
}

std::string ColumnRow(const Column& column, absl::string_view role, const ColumnStatistics& statistics) {
  return TableRow({Cell(column.name()), std::string(role), Number(statistics.mean),
                   Number(statistics.standard_deviation), Number(statistics.minimum), Number(statistics.maximum),
                   !column.has_mean()    ? "no"
                   : statistics.constant ? "shifted only: constant"
                                         : "yes"});
}

}  // namespace

std::string MakeDataCard(const DataCardSource& source, const TabularDataset& dataset,
                         const std::vector<std::string>& labels) {
  const bool classification = dataset.index.has_class_count();
  std::string text = absl::StrCat(
      "# Data card\n\n", "A table of ", dataset.index.features_size(),
      dataset.index.features_size() == 1 ? " feature" : " features", " for the ",
      classification ? absl::StrCat("classification into ", labels.size(), " classes of") : "regression of", " \"",
      Cell(dataset.index.target().name()), "\".\n\n", "- Raw file: ", source.raw_size_bytes, " bytes, SHA-256 `",
      source.raw_sha256, "`\n", "- Split: by a hash of each row's content and the seed ", source.seed,
      classification ? ", within each class" : "", "\n\n## Rows\n\n", SplitsTable(dataset, labels),
      "\n## Columns\n\nIn the raw file's units, over the training split; the standard deviation is the population's "
      "(1 ",
      "for a constant column). A standardised column is stored as (value - mean) / standard "
      "deviation.\n\n",
      TableRow({"column", "role", "mean", "standard deviation", "minimum", "maximum", "standardised"}),
      TableRow(std::vector<std::string>(7, "---")));
  for (int i = 0; i < dataset.index.features_size(); ++i) {
    text += ColumnRow(dataset.index.features(i), "feature", dataset.features[i]);
  }
  if (!classification) text += ColumnRow(dataset.index.target(), "target", dataset.target);
  return text;
}

}  // namespace baton
