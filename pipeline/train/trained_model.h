#ifndef BATON_PIPELINE_TRAIN_TRAINED_MODEL_H_
#define BATON_PIPELINE_TRAIN_TRAINED_MODEL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/dataset.pb.h"
#include "models/model.h"
#include "optim/flat_tensors.h"
#include "state/state.h"

namespace baton {

// The names of a State's attachments that a model is restored from: a PipelineConfig as text, of what inference needs,
// and the dataset's index as its file holds it.
inline constexpr char kConfigAttachment[] = "pipeline.textproto";
inline constexpr char kDatasetAttachment[] = "dataset.binpb";

// A trained model as a snapshot holds it: all that inference needs, from the State alone.
struct TrainedModel {
  std::unique_ptr<Model> model;
  // The State's, shared: the average of the weights where there is one.
  FlatTensors parameters;
  // Likewise; without tensors where the model has none.
  FlatTensors buffers;
  // Index of the dataset that it was trained on, with what features and target were scaled by.
  Dataset dataset;
  // In the vocabulary's order; empty for a regression.
  std::vector<std::string> class_labels;
};

// DataLoss says what is missing from the State, or what in it does not fit together.
absl::StatusOr<TrainedModel> RestoreModel(const State& state);

}  // namespace baton

#endif  // BATON_PIPELINE_TRAIN_TRAINED_MODEL_H_
