#include "pipeline/config/data_description.h"

namespace baton {

DataDescription DescribeData(const LoadConfig& load) {
  DataDescription data;
  const TableConfig& table = load.table();
  data.feature_shape.assign(table.feature_shape().begin(), table.feature_shape().end());
  data.shape_field = "load.table.feature_shape";
  switch (table.task()) {
    case TableConfig::CLASSIFICATION:
      data.target = TargetKind::kClass;
      break;
    case TableConfig::REGRESSION:
      data.target = TargetKind::kNumber;
      break;
    case TableConfig::TASK_UNSPECIFIED:
      return data;
  }
  data.said_by = "load.table.task is " + TableConfig::Task_Name(table.task());
  return data;
}

}  // namespace baton
