#include "pipeline/load/make_dataset.h"

#include <glog/logging.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/signals.h"
#include "base/status_macros.h"
#include "data/data_card.h"
#include "data/split.h"
#include "data/table.h"
#include "data/tabular_dataset.h"

namespace baton {
namespace {

absl::Status CheckStop() {
  if (!StopRequested()) return absl::OkStatus();
  return absl::CancelledError(
      absl::StrCat("load was interrupted by signal ", StopSignal(), "; the same command does it again"));
}

absl::StatusOr<Vocabulary> ReadVocabulary(FileSystem& fs, const std::string& folder, const Dataset& index) {
  if (!index.has_class_count()) return Vocabulary::Create({});
  ASSIGN_OR_RETURN(const std::string json, ReadNamedFile(fs, folder, index, kVocabularyFile));
  return Vocabulary::FromJson(json, JoinPath(folder, kVocabularyFile));
}

// The dataset in `folder`, every byte of it verified.
absl::StatusOr<MadeDataset> ReadDataset(FileSystem& fs, const std::string& folder, DigestCache& digests) {
  ASSIGN_OR_RETURN(Dataset index, VerifyDataset(fs, folder));
  ASSIGN_OR_RETURN(Vocabulary vocabulary, ReadVocabulary(fs, folder, index));
  MadeDataset dataset{std::move(index), std::move(vocabulary), {}, std::nullopt};
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(fs, folder));
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const FileDigest digest, digests.Sha256(JoinPath(folder, name)));
    dataset.files.push_back({name, digest.size_bytes, digest.hex});
  }
  return dataset;
}

// The dataset that stands there already, if it is intact.
absl::StatusOr<std::optional<MadeDataset>> FindDataset(FileSystem& fs, const std::string& folder,
                                                       DigestCache& digests) {
  ASSIGN_OR_RETURN(const bool there, Exists(fs, folder));
  if (!there) return std::optional<MadeDataset>();
  absl::StatusOr<MadeDataset> found = ReadDataset(fs, folder, digests);
  if (found.ok()) {
    // It may stand there since a process died before it could make its name durable.
    RETURN_IF_ERROR(SyncFolder(fs, ParentFolder(folder)));
    LOG(INFO) << "load: " << folder << " holds this dataset, intact; used again";
    return std::optional<MadeDataset>(*std::move(found));
  }
  if (!absl::IsNotFound(found.status()) && !absl::IsDataLoss(found.status())) return found.status();
  ASSIGN_OR_RETURN(const std::string aside, SetAside(fs, folder));
  LOG(WARNING) << "load: " << found.status().message() << ". It is set aside as " << aside << " and made again";
  return std::optional<MadeDataset>();
}

absl::StatusOr<MadeDataset> WriteTable(FileSystem& fs, const PipelineConfig& config, const RawFile& raw, Table table,
                                       const std::string& folder, absl::FunctionRef<absl::Status()> before_commit) {
  ASSIGN_OR_RETURN(const SplitRows rows, SplitTable(table, config.load().split(), config.seed()));
  ASSIGN_OR_RETURN(TabularDataset tabular, MakeTabularDataset(table, rows, config.load().table(), raw.path));
  ASSIGN_OR_RETURN(Vocabulary vocabulary, Vocabulary::Create(std::move(table.labels)));
  table = Table();
  RETURN_IF_ERROR(CheckStop());

  std::vector<SmallFile> small_files;
  if (vocabulary.size() > 0) small_files.push_back({std::string(kVocabularyFile), vocabulary.ToJson()});
  const DataCardSource source = {raw.digest.hex, raw.digest.size_bytes, config.seed()};
  small_files.push_back({std::string(kDataCardFile), MakeDataCard(source, tabular, vocabulary.labels())});
  ASSIGN_OR_RETURN(const std::unique_ptr<StagedFolder> staged, StagedFolder::Create(fs, folder));
  MadeDataset dataset{std::move(tabular.index), std::move(vocabulary), {}, std::nullopt};
  ASSIGN_OR_RETURN(dataset.files, WriteDataset(fs, staged->path(), tabular.splits, small_files, dataset.index));
  // The order in which a later attempt finds them, so that the record comes out the same.
  std::sort(dataset.files.begin(), dataset.files.end(),
            [](const WrittenFile& a, const WrittenFile& b) { return a.name < b.name; });
  RETURN_IF_ERROR(CheckStop());
  RETURN_IF_ERROR(before_commit());
  RETURN_IF_ERROR(staged->Commit());
  return dataset;
}

}  // namespace

absl::StatusOr<MadeDataset> MakeDataset(FileSystem& fs, const PipelineConfig& config, const RawFile& raw,
                                        const std::string& folder, DigestCache& digests,
                                        absl::FunctionRef<absl::Status()> before_commit) {
  RETURN_IF_ERROR(StagedFolder::RemoveStale(fs, ParentFolder(folder)));
  ASSIGN_OR_RETURN(std::optional<MadeDataset> dataset, FindDataset(fs, folder, digests));
  RETURN_IF_ERROR(CheckStop());
  Table table;
  const auto use = [&](absl::string_view bytes) -> absl::Status {
    if (dataset.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(table, ReadCsvTable(bytes, raw.path, config.load().table()));
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(std::optional<DvcFile> dvc, ReadRawFile(fs, raw, use));
  RETURN_IF_ERROR(CheckStop());
  if (!dataset.has_value()) {
    ASSIGN_OR_RETURN(dataset, WriteTable(fs, config, raw, std::move(table), folder, before_commit));
  }
  dataset->dvc = std::move(dvc);
  return *std::move(dataset);
}

}  // namespace baton
