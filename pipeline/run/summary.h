#ifndef BATON_PIPELINE_RUN_SUMMARY_H_
#define BATON_PIPELINE_RUN_SUMMARY_H_

#include <string>
#include <utility>
#include <vector>

#include "metadata/metadata.pb.h"

namespace baton {

// What a run has come to, as text for a terminal: what was done with each stage and how long all its attempts took, the
// metrics of the holdout split beside the baseline's, where the model and the report are, and the head of the record's
// history, for `inspect verify --head=`. `results` are pairs of a stage and what was done with it, as in {"load",
// "skipped"}. Paths begin with `run_dir`.
std::string Summary(const Metadata& record, const std::string& run_dir,
                    const std::vector<std::pair<std::string, std::string>>& results);

}  // namespace baton

#endif  // BATON_PIPELINE_RUN_SUMMARY_H_
