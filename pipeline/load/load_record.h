#ifndef BATON_PIPELINE_LOAD_LOAD_RECORD_H_
#define BATON_PIPELINE_LOAD_LOAD_RECORD_H_

#include <string>

#include "data/config.pb.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/load/make_dataset.h"
#include "pipeline/load/raw_file.h"

namespace baton {

// Sets everything in `section` but `stage`, which its writer keeps: what was read, and what was made of it in `folder`.
void FillLoadSection(const RunDirectory& run, const std::string& folder, const LoadConfig& config, const RawFile& raw,
                     const MadeDataset& dataset, LoadSection& section);

}  // namespace baton

#endif  // BATON_PIPELINE_LOAD_LOAD_RECORD_H_
