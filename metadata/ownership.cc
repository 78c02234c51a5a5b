#include "metadata/ownership.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "metadata/canonical.h"

namespace baton {
namespace {

// Whether `after` is `before` with nothing but entries of `stage` behind it.
template <typename Entries>
bool OnlyAppended(const Entries& before, const Entries& after, absl::string_view stage) {
  if (after.size() < before.size()) return false;
  for (int i = 0; i < after.size(); ++i) {
    const bool fine =
        i < before.size() ? CanonicalBytes(before[i]) == CanonicalBytes(after[i]) : after[i].stage() == stage;
    if (!fine) return false;
  }
  return true;
}

absl::Status CheckRun(const RunSection& before, const RunSection& after, absl::string_view owner) {
  RunSection before_rest = before;
  RunSection after_rest = after;
  for (RunSection* rest : {&before_rest, &after_rest}) {
    rest->clear_amendments();
    rest->clear_deviations();
  }
  if (CanonicalBytes(before_rest) == CanonicalBytes(after_rest) &&
      OnlyAppended(before.amendments(), after.amendments(), owner) &&
      OnlyAppended(before.deviations(), after.deviations(), owner)) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat("the stage ", owner,
                                          " tried to change the section run, which is derived: a stage may only add "
                                          "amendments and deviations of its own; nothing was committed"));
}

}  // namespace

absl::string_view OwnerName(SectionOwner owner) {
  switch (owner) {
    case SectionOwner::kLoad:
      return "load";
    case SectionOwner::kTrain:
      return "train";
    case SectionOwner::kEvaluate:
      return "evaluate";
  }
  return "unknown";
}

absl::Status CheckOwnership(const Metadata& before, const Metadata& after, SectionOwner owner) {
  const absl::string_view name = OwnerName(owner);
  const auto check = [&](SectionOwner section, const auto& old_section, const auto& new_section) {
    if (section == owner || CanonicalBytes(old_section) == CanonicalBytes(new_section)) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("the stage ", name, " tried to change the section ", OwnerName(section),
                                            ", which only ", OwnerName(section), " may change; nothing was committed"));
  };
  absl::Status status = CheckRun(before.run(), after.run(), name);
  status.Update(check(SectionOwner::kLoad, before.load(), after.load()));
  status.Update(check(SectionOwner::kTrain, before.train(), after.train()));
  status.Update(check(SectionOwner::kEvaluate, before.evaluate(), after.evaluate()));
  return status;
}

bool SameSections(const Metadata& before, const Metadata& after) {
  return CanonicalBytes(before.run()) == CanonicalBytes(after.run()) &&
         CanonicalBytes(before.load()) == CanonicalBytes(after.load()) &&
         CanonicalBytes(before.train()) == CanonicalBytes(after.train()) &&
         CanonicalBytes(before.evaluate()) == CanonicalBytes(after.evaluate());
}

}  // namespace baton
