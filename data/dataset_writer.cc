// WriteDataset of dataset.h.

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "data/dataset.h"

namespace baton {
namespace {

absl::StatusOr<WrittenFile> WriteSmallFile(FileSystem& fs, const std::string& folder, const std::string& name,
                                           absl::string_view contents) {
  ASSIGN_OR_RETURN(const std::unique_ptr<FileWriter> writer, FileWriter::Create(fs, JoinPath(folder, name)));
  RETURN_IF_ERROR(writer->Append(contents));
  RETURN_IF_ERROR(writer->Finish());
  return WrittenFile{name, contents.size(), Sha256Hex(contents)};
}

absl::StatusOr<WrittenFile> WriteSplit(FileSystem& fs, const std::string& folder, const SplitTensors& tensors,
                                       Split& split) {
  const std::string name = absl::StrCat(tensors.name, ".safetensors");
  std::vector<TensorBytes> views;
  for (const HostTensor& tensor : tensors.tensors) {
    views.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
  }
  ASSIGN_OR_RETURN(const SafetensorsDigests digests,
                   WriteSafetensors(fs, JoinPath(folder, name), std::move(views), {}, /*with_file_digests=*/true));
  split.set_name(tensors.name);
  split.set_rows(tensors.rows);
  for (const uint64_t count : tensors.class_counts) split.add_class_counts(count);
  DataFile& file = *split.add_files();
  file.set_path(name);
  file.set_rows(tensors.rows);
  file.set_size_bytes(digests.size_bytes);
  file.set_xxh3(digests.xxh3);
  return WrittenFile{name, digests.size_bytes, digests.sha256};
}

}  // namespace

absl::StatusOr<std::vector<WrittenFile>> WriteDataset(FileSystem& fs, const std::string& folder,
                                                      const std::vector<SplitTensors>& splits,
                                                      const std::vector<SmallFile>& files, Dataset& index) {
  std::vector<WrittenFile> written;
  index.set_format_version(kDatasetFormatVersion);
  index.clear_tensors();
  index.clear_splits();
  index.clear_files();
  for (const HostTensor& tensor : splits[0].tensors) {
    TensorSpec& spec = *index.add_tensors();
    spec.set_name(tensor.name);
    const absl::string_view dtype = DTypeName(tensor.dtype);
    spec.set_dtype(dtype.data(), dtype.size());
    spec.mutable_shape()->Assign(tensor.shape.begin() + 1, tensor.shape.end());
  }
  for (const SplitTensors& split : splits) {
    if (split.rows == 0) continue;
    ASSIGN_OR_RETURN(WrittenFile file, WriteSplit(fs, folder, split, *index.add_splits()));
    written.push_back(std::move(file));
  }
  for (const SmallFile& small : files) {
    ASSIGN_OR_RETURN(WrittenFile file, WriteSmallFile(fs, folder, small.name, small.contents));
    NamedFile& named = *index.add_files();
    named.set_path(small.name);
    named.set_size_bytes(small.contents.size());
    named.set_xxh3(Xxh3Hex(small.contents));
    written.push_back(std::move(file));
  }
  ASSIGN_OR_RETURN(WrittenFile file, WriteSmallFile(fs, folder, std::string(kDatasetIndexFile), Seal(index)));
  written.push_back(std::move(file));
  return written;
}

}  // namespace baton
