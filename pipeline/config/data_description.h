#ifndef BATON_PIPELINE_CONFIG_DATA_DESCRIPTION_H_
#define BATON_PIPELINE_CONFIG_DATA_DESCRIPTION_H_

#include "data/config.pb.h"
#include "models/data_description.h"

namespace baton {

// What load's configuration says of the dataset that it will make.
DataDescription DescribeData(const LoadConfig& load);

}  // namespace baton

#endif  // BATON_PIPELINE_CONFIG_DATA_DESCRIPTION_H_
