#include "tests/record_commits.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "metadata/verify.h"

namespace baton {
namespace {

uint64_t Count(const Metadata& record, SectionOwner owner) {
  return owner == SectionOwner::kLoad ? record.load().rows() : record.train().parameter_count();
}

absl::StatusOr<uint64_t> CountOnce(MetadataStore& store, SectionOwner owner, uint64_t count) {
  uint64_t reached = 0;
  RETURN_IF_ERROR(store.Commit(owner, [&](Metadata& record) {
    reached = Count(record, owner);
    if (reached >= count) return absl::OkStatus();
    ++reached;
    if (owner == SectionOwner::kLoad) {
      record.mutable_load()->set_rows(reached);
    } else {
      record.mutable_train()->set_parameter_count(reached);
    }
    return absl::OkStatus();
  }));
  return reached;
}

}  // namespace

absl::Status CountUp(FileSystem& fs, const std::string& run_dir, SectionOwner owner, uint64_t count) {
  ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(fs, run_dir, "counts"));
  uint64_t reached = 0;
  while (reached < count) {
    ASSIGN_OR_RETURN(reached, CountOnce(*store, owner, count));
  }
  return absl::OkStatus();
}

Result CountsOf(const std::string& run_dir) {
  const auto store = MetadataStore::Open(FileSystem::Posix(), run_dir, "");
  const absl::StatusOr<Metadata> record = store.ok() ? (*store)->Read() : store.status();
  if (!record.ok()) return {{"error", record.status().ToString()}};
  return {{"rows", absl::StrCat(record->load().rows())},
          {"parameters", absl::StrCat(record->train().parameter_count())},
          {"generation", absl::StrCat(record->generation())}};
}

std::vector<std::string> FindTornGenerations(const std::string& run_dir) {
  const absl::StatusOr<RecordReport> report = VerifyRecord(FileSystem::Posix(), run_dir);
  if (absl::IsNotFound(report.status())) return {};
  if (!report.ok()) return {report.status().ToString()};
  std::vector<std::string> torn;
  for (const Finding& finding : report->findings) {
    if (finding.severity == Finding::Severity::kError)
      torn.push_back(absl::StrCat(finding.file, ": ", finding.message));
  }
  return torn;
}

Subject CountingSubject(const std::string& folder, uint64_t count) {
  Subject subject;
  subject.folder = folder;
  subject.prepare = [folder] {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  };
  subject.work = [folder, count](FileSystem& fs) -> absl::Status {
    for (uint64_t i = 1; i <= count; ++i) {
      RETURN_IF_ERROR(CountUp(fs, folder, SectionOwner::kLoad, i));
      RETURN_IF_ERROR(CountUp(fs, folder, SectionOwner::kTrain, i));
    }
    return absl::OkStatus();
  };
  subject.find_torn = [folder] { return FindTornGenerations(folder); };
  subject.result = [folder] { return CountsOf(folder); };
  return subject;
}

}  // namespace baton
