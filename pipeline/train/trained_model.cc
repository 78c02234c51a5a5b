#include "pipeline/train/trained_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/fields.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "data/vocabulary.h"
#include "pipeline/config/config.pb.h"
#include "pipeline/train/data_shape.h"

namespace baton {
namespace {

absl::Status Unfit(absl::string_view what) { return absl::DataLossError(absl::StrCat("the snapshot ", what)); }

absl::StatusOr<std::string> Attachment(const State& state, const std::string& name) {
  const auto found = state.attachments.find(name);
  if (found == state.attachments.end()) return Unfit(absl::StrCat("has no ", name));
  return found->second;
}

// The parameters that the model takes are those that the State has.
absl::Status CheckParameters(const std::vector<ParameterSpec>& expected, const FlatLayout& found) {
  const auto describe = [](absl::string_view name, const std::vector<int64_t>& shape) {
    return absl::StrCat(name, " [", absl::StrJoin(shape, ", "), "]");
  };
  for (size_t i = 0; i < std::max(expected.size(), found.entries.size()); ++i) {
    const std::string takes = i < expected.size() ? describe(expected[i].name, expected[i].shape) : "no more";
    const std::string has =
        i < found.entries.size() ? describe(found.entries[i].name, found.entries[i].shape) : "no more";
    if (takes != has) return Unfit(absl::StrCat("has parameter ", has, " where its model takes ", takes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrainedModel> RestoreModel(const State& state) {
  TrainedModel trained;
  ASSIGN_OR_RETURN(const std::string index, Attachment(state, kDatasetAttachment));
  RETURN_IF_ERROR(Unseal(index, kDatasetAttachment, trained.dataset));
  ASSIGN_OR_RETURN(const std::string text, Attachment(state, kConfigAttachment));
  PipelineConfig config;
  if (const absl::Status status = ParseTextMessage(text, kConfigAttachment, config); !status.ok()) {
    return Unfit(absl::StrCat("has a configuration that cannot be read: ", status.message()));
  }
  if (trained.dataset.class_count() > 0) {
    ASSIGN_OR_RETURN(const Vocabulary vocabulary, Vocabulary::FromJson(state.vocabulary, "the snapshot's vocabulary"));
    if (vocabulary.size() != static_cast<int64_t>(trained.dataset.class_count())) {
      return Unfit(
          absl::StrCat("has ", vocabulary.size(), " class labels for ", trained.dataset.class_count(), " classes"));
    }
    trained.class_labels = vocabulary.labels();
  }
  ASSIGN_OR_RETURN(const DataShape shape, ShapeOf(trained.dataset));
  absl::StatusOr<std::unique_ptr<Model>> model = BuildModel(config.train().model(), shape);
  if (!model.ok()) return Unfit(absl::StrCat("has a model that cannot be built: ", model.status().message()));
  trained.model = *std::move(model);
  RETURN_IF_ERROR(CheckParameters(trained.model->parameters(), state.model().layout()));
  trained.parameters = state.weights();
  return trained;
}

}  // namespace baton
