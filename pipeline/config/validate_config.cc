// ValidateConfig of pipeline_config.h.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/config_problems.h"
#include "base/fields.h"
#include "base/utf8.h"
#include "data/config_checks.h"
#include "google/protobuf/descriptor.h"
#include "models/config_registry.h"
#include "pipeline/config/data_description.h"
#include "pipeline/config/pipeline_config.h"
#include "training/config_checks.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Text ends up in the record, which is UTF-8, and in paths, which end at a NUL.
void CheckText(const Message& message, const std::string& prefix, ConfigProblems& problems) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string path = prefix + NameInPath(field);
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

}  // namespace

absl::Status ValidateConfig(const PipelineConfig& config) {
  ConfigProblems problems;
  CheckText(config, "", problems);
  CheckLoadConfig(config.load(), problems);
  CheckTrainConfig(config.train(), DescribeData(config.load()), problems);
  if (config.load().split().validation_fraction() == 0) {
    CheckWithoutValidation(config.train(), CriterionMetrics(config.train().criterion()),
                           "raise load.split.validation_fraction", problems);
  }
  problems.Expect(config.evaluate().batch_size() > 0, "evaluate.batch_size", config.evaluate().batch_size(),
                  "at least 1");
  // Far more than anybody waits for.
  constexpr uint32_t kMostRounds = 100'000;
  const uint32_t rounds = config.evaluate().bias_variance().rounds();
  problems.Expect(rounds <= kMostRounds, "evaluate.bias_variance.rounds", rounds,
                  absl::StrCat("at most ", kMostRounds, ", or 0 for no decomposition"));
  return problems.ToStatus();
}

}  // namespace baton
