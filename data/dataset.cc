#include "data/dataset.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/status_macros.h"

namespace baton {
namespace {

absl::Status Damaged(absl::string_view path, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

// What to do about damage, for those who read to use; who verifies does something about it.
absl::Status Advise(const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(absl::StrCat(status.message(), "; delete the dataset's folder and run load again"));
}

// Whether a path of the index stays inside of the dataset's folder.
bool StaysInside(absl::string_view path) {
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

absl::Status CheckPaths(const Dataset& index, const std::string& index_path) {
  std::vector<absl::string_view> paths;
  for (const Split& split : index.splits()) {
    for (const DataFile& file : split.files()) paths.push_back(file.path());
  }
  for (const NamedFile& file : index.files()) paths.push_back(file.path());
  for (const absl::string_view path : paths) {
    if (!StaysInside(path))
      return Damaged(index_path, absl::StrCat("names a file outside of its folder, '", path, "'"));
  }
  return absl::OkStatus();
}

// So that names can be looked up, and shapes multiplied.
absl::Status CheckTensorSpecs(const Dataset& index, const std::string& index_path) {
  std::set<absl::string_view> names;
  for (const TensorSpec& spec : index.tensors()) {
    const auto wrong = [&](absl::string_view what) {
      return Damaged(index_path, absl::StrCat("tensor '", spec.name(), "' ", what));
    };
    if (!names.insert(spec.name()).second) return wrong("stands there twice");
    const absl::StatusOr<DType> dtype = ParseDType(spec.dtype());
    if (!dtype.ok()) return wrong(absl::StrCat("has no type that is known: ", dtype.status().message()));
    const auto size = TensorByteSize(*dtype, {spec.shape().begin(), spec.shape().end()});
    if (!size.ok()) return wrong(absl::StrCat("has an impossible shape: ", size.status().message()));
  }
  return absl::OkStatus();
}

std::string Describe(absl::string_view dtype, absl::Span<const int64_t> shape) {
  return absl::StrCat(dtype, " [", absl::StrJoin(shape, ", "), "]");
}

// Whether a file holds exactly the tensors that the index says, of `rows` examples each.
absl::Status CheckTensors(const Dataset& index, const SafetensorsReader& reader, uint64_t rows,
                          const std::string& path) {
  for (const TensorSpec& spec : index.tensors()) {
    const TensorEntry* const entry = reader.Find(spec.name());
    if (entry == nullptr) return Damaged(path, absl::StrCat("has no tensor '", spec.name(), "'"));
    std::vector<int64_t> shape = {static_cast<int64_t>(rows)};
    shape.insert(shape.end(), spec.shape().begin(), spec.shape().end());
    const std::string expected = Describe(spec.dtype(), shape);
    const std::string found = Describe(DTypeName(entry->dtype), entry->shape);
    if (found != expected) {
      return Damaged(path, absl::StrCat("tensor '", spec.name(), "' is ", found, ", the index says ", expected));
    }
  }
  if (reader.tensors().size() != index.tensors_size()) {
    return Damaged(path,
                   absl::StrCat("has ", reader.tensors().size(), " tensors, the index says ", index.tensors_size()));
  }
  return absl::OkStatus();
}

absl::Status CheckDigest(const std::string& path, uint64_t size, const std::string& xxh3, uint64_t expected_size,
                         const std::string& expected_xxh3) {
  if (size == expected_size && xxh3 == expected_xxh3) return absl::OkStatus();
  return Damaged(path, absl::StrCat("is not as it was written: ", size, " bytes with XXH3-128 ", xxh3,
                                    ", the index says ", expected_size, " bytes with ", expected_xxh3));
}

// Reads `file` into `tensors`, each from byte `row` * bytes per example on.
absl::Status ReadDataFile(FileSystem& fs, const std::string& folder, const Dataset& index, const DataFile& file,
                          uint64_t row, std::vector<HostTensor>& tensors) {
  const std::string path = JoinPath(folder, file.path());
  ASSIGN_OR_RETURN(const std::unique_ptr<SafetensorsReader> reader, SafetensorsReader::Open(fs, path));
  RETURN_IF_ERROR(CheckTensors(index, *reader, file.rows(), path));
  const auto destination = [&](const TensorEntry& entry) -> void* {
    const auto tensor =
        std::find_if(tensors.begin(), tensors.end(), [&entry](const HostTensor& t) { return t.name == entry.name; });
    return tensor->bytes.data() + row * (tensor->bytes.size() / tensor->shape[0]);
  };
  ASSIGN_OR_RETURN(const FileDigest digest, reader->ReadAll(destination));
  return CheckDigest(path, digest.size_bytes, digest.hex, file.size_bytes(), file.xxh3());
}

// Room for all of a split's rows. That is no more than its files hold: a wrong index reserves no memory.
absl::StatusOr<std::vector<HostTensor>> AllocateTensors(FileSystem& fs, const std::string& folder, const Dataset& index,
                                                        const Split& split) {
  uint64_t available = 0;
  for (const DataFile& file : split.files()) {
    const std::string path = JoinPath(folder, file.path());
    ASSIGN_OR_RETURN(const uint64_t size, FileSize(fs, path));
    if (size != file.size_bytes()) {
      return Damaged(path,
                     absl::StrCat("is not as it was written: ", size, " bytes, the index says ", file.size_bytes()));
    }
    available += size;
  }
  std::vector<HostTensor> tensors;
  for (const TensorSpec& spec : index.tensors()) {
    HostTensor tensor;
    tensor.name = spec.name();
    ASSIGN_OR_RETURN(tensor.dtype, ParseDType(spec.dtype()));
    tensor.shape = {static_cast<int64_t>(split.rows())};
    tensor.shape.insert(tensor.shape.end(), spec.shape().begin(), spec.shape().end());
    const absl::StatusOr<uint64_t> bytes = TensorByteSize(tensor.dtype, tensor.shape);
    if (!bytes.ok() || *bytes > available) {
      return Damaged(folder, absl::StrCat("tensor '", spec.name(), "' of split '", split.name(), "' is ",
                                          Describe(spec.dtype(), tensor.shape), ", more than its files hold"));
    }
    available -= *bytes;
    tensor.bytes.resize(*bytes);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

// A split's files, one after the other.
absl::StatusOr<std::vector<HostTensor>> ReadDataFiles(FileSystem& fs, const std::string& folder, const Dataset& index,
                                                      const Split& split) {
  uint64_t rows = 0;
  for (const DataFile& file : split.files()) rows += file.rows();
  if (rows != split.rows() || rows == 0) {
    return Damaged(JoinPath(folder, kDatasetIndexFile),
                   absl::StrCat("split '", split.name(), "' has ", split.rows(), " rows, its files ", rows));
  }
  ASSIGN_OR_RETURN(std::vector<HostTensor> tensors, AllocateTensors(fs, folder, index, split));
  uint64_t row = 0;
  for (const DataFile& file : split.files()) {
    RETURN_IF_ERROR(ReadDataFile(fs, folder, index, file, row, tensors));
    row += file.rows();
  }
  return tensors;
}

}  // namespace

absl::StatusOr<Dataset> ReadDatasetIndex(FileSystem& fs, const std::string& folder) {
  const std::string path = JoinPath(folder, kDatasetIndexFile);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs, path));
  return ParseDatasetIndex(bytes, path);
}

absl::StatusOr<Dataset> ParseDatasetIndex(absl::string_view bytes, const std::string& path) {
  Dataset index;
  RETURN_IF_ERROR(Unseal(bytes, path, index));
  if (index.format_version() > kDatasetFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": has format version ", index.format_version(),
                                                      ", this program reads ", kDatasetFormatVersion,
                                                      "; use the program that wrote it, or a newer one"));
  }
  RETURN_IF_ERROR(CheckPaths(index, path));
  RETURN_IF_ERROR(CheckTensorSpecs(index, path));
  return index;
}

const Split* FindSplit(const Dataset& index, absl::string_view name) {
  for (const Split& split : index.splits()) {
    if (split.name() == name) return &split;
  }
  return nullptr;
}

absl::StatusOr<std::vector<HostTensor>> ReadSplit(FileSystem& fs, const std::string& folder, const Dataset& index,
                                                  absl::string_view name) {
  const Split* const split = FindSplit(index, name);
  if (split == nullptr) return absl::NotFoundError(absl::StrCat(folder, ": the dataset has no split '", name, "'"));
  absl::StatusOr<std::vector<HostTensor>> tensors = ReadDataFiles(fs, folder, index, *split);
  if (!tensors.ok()) return Advise(tensors.status());
  return tensors;
}

absl::StatusOr<std::string> ReadNamedFile(FileSystem& fs, const std::string& folder, const Dataset& index,
                                          absl::string_view name) {
  for (const NamedFile& file : index.files()) {
    if (file.path() != name) continue;
    const std::string path = JoinPath(folder, name);
    ASSIGN_OR_RETURN(std::string contents, ReadFile(fs, path));
    RETURN_IF_ERROR(Advise(CheckDigest(path, contents.size(), Xxh3Hex(contents), file.size_bytes(), file.xxh3())));
    return contents;
  }
  return absl::NotFoundError(absl::StrCat(folder, ": the dataset has no file '", name, "'"));
}

absl::StatusOr<Dataset> VerifyDataset(FileSystem& fs, const std::string& folder) {
  ASSIGN_OR_RETURN(Dataset index, ReadDatasetIndex(fs, folder));
  const auto verify = [&](const auto& file) -> absl::Status {
    const std::string path = JoinPath(folder, file.path());
    ASSIGN_OR_RETURN(const FileDigest found, DigestFile(fs, path, DigestKind::kXxh3));
    return CheckDigest(path, found.size_bytes, found.hex, file.size_bytes(), file.xxh3());
  };
  for (const Split& split : index.splits()) {
    for (const DataFile& file : split.files()) RETURN_IF_ERROR(verify(file));
  }
  for (const NamedFile& file : index.files()) RETURN_IF_ERROR(verify(file));
  return index;
}

std::string DatasetVersion(const Dataset& index) { return absl::StrCat("sha256:", index.sha256()); }

}  // namespace baton
