#include "models/criterion_registry.h"

#include <utility>
#include <vector>

#include "base/status_macros.h"

namespace baton {
namespace {

struct Entry {
  TypeOf type;
  std::function<absl::StatusOr<std::unique_ptr<Criterion>>(const google::protobuf::Message&, const DataShape&,
                                                           absl::string_view)>
      build;
};

// Grows while static objects are made, and is only read from then on.
std::vector<Entry>& Registry() {
  static std::vector<Entry>* const registry = new std::vector<Entry>;
  return *registry;
}

}  // namespace

void RegisterCriterion(TypeOf type,
                       std::function<absl::StatusOr<std::unique_ptr<Criterion>>(const google::protobuf::Message&,
                                                                                const DataShape&, absl::string_view)>
                           build) {
  Registry().push_back({type, std::move(build)});
}

absl::StatusOr<std::unique_ptr<Criterion>> BuildCriterion(const CriterionConfig& config, const DataShape& shape) {
  constexpr absl::string_view kPath = "train.criterion";
  ConfigProblems problems;
  CheckCriterionConfig(config, DescribeClasses(shape.classes), kPath, problems);
  RETURN_IF_ERROR(problems.ToStatus());
  const ChosenConfig chosen = FindChosenConfig(config, kPath);
  for (const Entry& entry : Registry()) {
    if (entry.type() == chosen.message->GetDescriptor()) return entry.build(*chosen.message, shape, chosen.path);
  }
  return NotLinked(chosen);
}

}  // namespace baton
