#include "data/tabular_dataset.h"

#include <bit>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/status_macros.h"

namespace baton {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

template <typename T>
HostTensor MakeTensor(absl::string_view name, DType dtype, std::vector<int64_t> shape, const std::vector<T>& values) {
  HostTensor tensor{std::string(name), dtype, std::move(shape), ""};
  tensor.bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return tensor;
}

// How a column is shifted and scaled; not at all for one that stays as it is.
struct Scale {
  bool used = false;
  ColumnStatistics statistics;

  double Apply(double value) const { return used ? Standardize(value, statistics) : value; }
};

Column DescribedColumn(const std::string& name, const Scale& scale) {
  Column column;
  column.set_name(name);
  if (scale.used) {
    column.set_mean(scale.statistics.mean);
    column.set_standard_deviation(scale.statistics.standard_deviation);
  }
  return column;
}

// The numbers of `rows` as F32, each `stride` apart.
absl::Status Scatter(const std::string& name, const std::vector<double>& values, const std::vector<int64_t>& rows,
                     const Scale& scale, size_t stride, absl::string_view file, float* out) {
  for (const int64_t row : rows) {
    *out = static_cast<float>(scale.Apply(values[row]));
    if (!std::isfinite(*out)) {
      return absl::DataLossError(absl::StrCat(file, ": row ", row + 1, " (without the header), column \"", name,
                                              "\": found ", values[row], ", which is too large for a 32-bit number",
                                              scale.used ? " when it is standardised" : ""));
    }
    out += stride;
  }
  return absl::OkStatus();
}

struct Scales {
  std::vector<Scale> features;
  Scale target;
};

absl::StatusOr<SplitTensors> MakeSplit(absl::string_view name, const Table& table, const std::vector<int64_t>& rows,
                                       const Scales& scales, const TableConfig& config, absl::string_view file) {
  const int64_t count = static_cast<int64_t>(rows.size());
  const size_t width = table.features.size();
  SplitTensors split;
  split.name = std::string(name);
  split.rows = rows.size();

  std::vector<float> features(rows.size() * width);
  for (size_t i = 0; i < width && count > 0; ++i) {
    RETURN_IF_ERROR(Scatter(table.features[i].name, table.features[i].values, rows, scales.features[i], width, file,
                            features.data() + i));
  }
  std::vector<int64_t> shape = {count};
  shape.insert(shape.end(), config.feature_shape().begin(), config.feature_shape().end());
  if (config.feature_shape().empty()) shape.push_back(static_cast<int64_t>(width));
  split.tensors.push_back(MakeTensor("features", DType::kF32, std::move(shape), features));

  if (table.labels.empty()) {
    std::vector<float> targets(rows.size());
    RETURN_IF_ERROR(Scatter(config.target_column(), table.targets, rows, scales.target, 1, file, targets.data()));
    split.tensors.push_back(MakeTensor("target", DType::kF32, {count}, targets));
  } else {
    split.class_counts.resize(table.labels.size());
    std::vector<int64_t> classes;
    for (const int64_t row : rows) {
      classes.push_back(table.label_ids[row]);
      ++split.class_counts[classes.back()];
    }
    split.tensors.push_back(MakeTensor("target", DType::kI64, {count}, classes));
  }

  std::vector<int64_t> numbers;
  for (const int64_t row : rows) numbers.push_back(row + 1);
  split.tensors.push_back(MakeTensor("row", DType::kI64, {count}, numbers));
  return split;
}

}  // namespace

absl::StatusOr<TabularDataset> MakeTabularDataset(const Table& table, const SplitRows& rows, const TableConfig& config,
                                                  absl::string_view file) {
  TabularDataset dataset;
  Scales scales;
  for (const Table::Feature& feature : table.features) {
    absl::StatusOr<ColumnStatistics> statistics = DescribeColumn(feature.name, feature.values, rows.train);
    if (!statistics.ok()) return Annotate(statistics.status(), file);
    scales.features.push_back({config.standardize(), *statistics});
    dataset.features.push_back(*statistics);
    *dataset.index.add_features() = DescribedColumn(feature.name, scales.features.back());
  }
  if (table.labels.empty()) {
    absl::StatusOr<ColumnStatistics> statistics = DescribeColumn(config.target_column(), table.targets, rows.train);
    if (!statistics.ok()) return Annotate(statistics.status(), file);
    scales.target = {config.standardize_target(), *statistics};
    dataset.target = *statistics;
  } else {
    dataset.index.set_class_count(table.labels.size());
  }
  dataset.index.set_task(config.task());
  *dataset.index.mutable_target() = DescribedColumn(config.target_column(), scales.target);

  const std::pair<absl::string_view, const std::vector<int64_t>&> splits[] = {
      {kTrainSplit, rows.train}, {kValidationSplit, rows.validation}, {kHoldoutSplit, rows.holdout}};
  for (const auto& [name, split_rows] : splits) {
    ASSIGN_OR_RETURN(SplitTensors split, MakeSplit(name, table, split_rows, scales, config, file));
    dataset.splits.push_back(std::move(split));
  }
  return dataset;
}

}  // namespace baton
