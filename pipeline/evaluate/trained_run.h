#ifndef BATON_PIPELINE_EVALUATE_TRAINED_RUN_H_
#define BATON_PIPELINE_EVALUATE_TRAINED_RUN_H_

#include <functional>
#include <string>
#include <vector>

#include "metadata/metadata.pb.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/config/stage_options.h"

namespace baton {

// For tests: a run directory in which load and train are complete, made by hand from numbers that are known, so that
// what an evaluation of it must give can be worked out with pencil and paper or scikit-learn.
struct TrainedRun {
  PipelineConfig config;
  // Row-major, `columns` a row.
  int64_t columns = 1;
  std::vector<float> holdout_features;
  std::vector<int64_t> holdout_classes;  // of a classification
  std::vector<float> holdout_targets;    // of a regression, as the model sees them
  std::vector<float> train_targets;      // of a regression, likewise
  std::vector<uint64_t> train_counts;    // of a classification
  std::vector<std::string> class_labels;
  // What the target was standardised by; scale 0: not at all.
  double target_mean = 0;
  double target_scale = 0;
  // Of the linear map that is the model: [outputs, columns] and [outputs]. The last snapshot, of step 16, has the
  // negative of them; the best one, of step 8, has them as they are.
  std::vector<float> weight;
  std::vector<float> bias;
  // What the snapshots say of the dataset; empty: the truth.
  std::string foreign_dataset_index = "";

  // Writes it all to `run_dir`.
  void Write(const std::string& run_dir) const;
};

// Three classes, seven rows: the scores of (x, y) are x, y and -x - y.
TrainedRun Classification();
// Three rows: 10 (2 x + 1) + 100, that is 110, 120 and 90 against 110, 115 and 95; standardised or not.
TrainedRun Regression(bool standardized);

// The newest generation of the record.
Metadata ReadRecord(const std::string& run_dir);
// Commits what `edit` makes of a section.
void EditTrain(const std::string& run_dir, const std::function<void(TrainSection&)>& edit);

}  // namespace baton

#endif  // BATON_PIPELINE_EVALUATE_TRAINED_RUN_H_
