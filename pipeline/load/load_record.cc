#include "pipeline/load/load_record.h"

#include "base/files.h"

namespace baton {
namespace {

absl::string_view FormatName(LoadConfig::RawFileFormat format) { return format == LoadConfig::CSV ? "csv" : "unknown"; }

void FillDvc(const DvcFile& dvc, DvcMetadata& metadata) {
  if (dvc.md5.has_value()) metadata.set_md5(*dvc.md5);
  if (dvc.size.has_value()) metadata.set_size(*dvc.size);
  if (dvc.hash.has_value()) metadata.set_hash(*dvc.hash);
  if (dvc.path.has_value()) metadata.set_path(*dvc.path);
  if (dvc.nfiles.has_value()) metadata.set_nfiles(*dvc.nfiles);
  if (dvc.remote.has_value()) metadata.set_remote(*dvc.remote);
  if (dvc.desc.has_value()) metadata.set_desc(*dvc.desc);
  metadata.set_text(dvc.text);
}

void AddColumn(const std::string& name, const char* role, const char* kind, LoadSection& section) {
  ColumnSummary& column = *section.add_schema();
  column.set_name(name);
  column.set_role(role);
  if (kind != nullptr) column.set_kind(kind);
}

void FillSchema(const LoadConfig& config, const Dataset& index, LoadSection& section) {
  for (const Column& feature : index.features()) AddColumn(feature.name(), "feature", "number", section);
  AddColumn(index.target().name(), "target", index.has_class_count() ? "label" : "number", section);
  for (const std::string& ignored : config.table().ignored_columns()) AddColumn(ignored, "ignored", nullptr, section);
}

}  // namespace

void FillLoadSection(const RunDirectory& run, const std::string& folder, const LoadConfig& config, const RawFile& raw,
                     const MadeDataset& dataset, LoadSection& section) {
  StageRun stage = std::move(*section.mutable_stage());
  section.Clear();
  *section.mutable_stage() = std::move(stage);

  section.set_raw_file_size(raw.digest.size_bytes);
  section.set_raw_file_format(std::string(FormatName(raw.format)));
  section.set_raw_filepath(raw.path);
  section.set_raw_file_sha256(raw.digest.hex);
  if (dataset.dvc.has_value()) FillDvc(*dataset.dvc, *section.mutable_raw_dvc_metadata());

  section.set_dataset_version(DatasetVersion(dataset.index));
  for (const WrittenFile& file : dataset.files) {
    Artifact& output = *section.add_outputs();
    output.set_path(run.Relative(JoinPath(folder, file.name)));
    output.set_size_bytes(file.size_bytes);
    output.set_sha256(file.sha256);
  }
  FillSchema(config, dataset.index, section);
  uint64_t rows = 0;
  for (const Split& split : dataset.index.splits()) {
    SplitSummary& summary = *section.add_splits();
    summary.set_name(split.name());
    summary.set_rows(split.rows());
    *summary.mutable_class_counts() = split.class_counts();
    rows += split.rows();
  }
  section.set_rows(rows);
  for (const std::string& label : dataset.vocabulary.labels()) section.add_class_labels(label);
}

}  // namespace baton
