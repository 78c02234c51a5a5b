// ValidateConfig of pipeline_config.h.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/config_problems.h"
#include "base/utf8.h"
#include "google/protobuf/descriptor.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/validate_train.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Text ends up in the record, which is UTF-8, and in paths, which end at a NUL.
void CheckText(const Message& message, const std::string& prefix, ConfigProblems& problems) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string path = prefix + field->name();
    const int size = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        CheckText(field->is_repeated() ? message.GetReflection()->GetRepeatedMessage(message, field, i)
                                       : message.GetReflection()->GetMessage(message, field),
                  path + ".", problems);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const std::string text = field->is_repeated() ? message.GetReflection()->GetRepeatedString(message, field, i)
                                                      : message.GetReflection()->GetString(message, field);
        if (!IsUtf8(text)) {
          problems.Add(
              absl::StrCat(path, " is \"", ReplaceInvalidUtf8(text), "\"; expected UTF-8: rename what it names"));
        }
        if (text.find('\0') != std::string::npos) problems.Add(path + " holds a NUL; remove it");
      }
    }
  }
}

void CheckLoad(const LoadConfig& load, ConfigProblems& problems) {
  if (load.raw_filepath().empty()) {
    problems.Add("load.raw_filepath is missing; name the file with the data, e.g. load.raw_filepath=data.csv");
  }
  if (load.target_column().empty()) {
    problems.Add("load.target_column is missing; name the column to predict, e.g. load.target_column=label");
  }
  const auto& ignored = load.ignored_columns();
  if (std::find(ignored.begin(), ignored.end(), load.target_column()) != ignored.end()) {
    problems.Add(absl::StrCat("load.ignored_columns holds the target column \"", load.target_column(),
                              "\"; take it out, or choose another load.target_column"));
  }
  if (load.task() == LoadConfig::TASK_UNSPECIFIED) {
    problems.Add("load.task is missing; CLASSIFICATION to predict a label, REGRESSION to predict a number");
  }
  const double validation = load.split().validation_fraction();
  const double holdout = load.split().holdout_fraction();
  problems.Expect(IsIn0ToBelow1(validation), "load.split.validation_fraction", validation, "at least 0 and below 1");
  problems.Expect(holdout > 0 && holdout < 1, "load.split.holdout_fraction", holdout, "above 0 and below 1");
  if (IsIn0ToBelow1(validation) && holdout < 1) {
    problems.Expect(validation + holdout < 1, "load.split.validation_fraction + load.split.holdout_fraction",
                    validation + holdout, "below 1, so that something is left for training");
  }
}

}  // namespace

absl::Status ValidateConfig(const PipelineConfig& config) {
  ConfigProblems problems;
  CheckText(config, "", problems);
  CheckLoad(config.load(), problems);
  CheckTrain(config.train(), config.load(), problems);
  problems.Expect(config.evaluate().batch_size() > 0, "evaluate.batch_size", config.evaluate().batch_size(),
                  "at least 1");
  return problems.ToStatus();
}

}  // namespace baton
