#include "metadata/amendments.h"

#include <algorithm>
#include <set>
#include <string>

namespace baton {

std::vector<const Amendment*> AmendmentsOfTraining(const Metadata& record) {
  std::vector<const Amendment*> found;
  std::set<std::string> keys = {record.train().stage().key()};
  const auto& recorded = record.run().amendments();
  for (auto amendment = recorded.rbegin(); amendment != recorded.rend(); ++amendment) {
    if (amendment->stage() != "train" || !keys.contains(amendment->to_key())) continue;
    keys.insert(amendment->from_key());
    found.push_back(&*amendment);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace baton
