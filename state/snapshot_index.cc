#include "state/snapshot_index.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace baton {
namespace {

constexpr size_t kXxh3HexSize = 32;

// Names of tensors, by file.
using Names = std::map<std::string, std::set<std::string>>;

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::DataLossError(absl::StrCat(parts...));
}

bool IsXxh3(absl::string_view hex) {
  return hex.size() == kXxh3HexSize &&
         std::all_of(hex.begin(), hex.end(), [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

absl::Status CheckFiles(const SnapshotIndex& index) {
  std::set<std::string> names;
  for (const FileRecord& file : index.files()) {
    if (!IsSnapshotTensorFile(file.name()) && file.name() != kSnapshotVocabularyFile &&
        file.name() != kSnapshotTokenizerFile && !IsAttachmentName(file.name())) {
      return Wrong("files: '", file.name(), "' is no name that a file of a snapshot can have");
    }
    if (!names.insert(file.name()).second) return Wrong("files: '", file.name(), "' stands there twice");
    if (!file.has_size_bytes() || file.size_bytes() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Wrong("files: '", file.name(), "' has no size_bytes that a file can have");
    }
    if (!IsXxh3(file.xxh3())) return Wrong("files: '", file.name(), "' has xxh3 '", file.xxh3(), "'");
  }
  for (const char* const name : {kSnapshotModelFile, kSnapshotCriterionFile, kSnapshotOptimizerFile}) {
    if (!names.contains(name)) return Wrong("files: ", name, " is missing");
  }
  return absl::OkStatus();
}

// Together at most as large as the file that holds them, so that a wrong shape reserves no memory.
absl::Status CheckParameters(const SnapshotIndex& index, std::set<std::string>& names) {
  const uint64_t limit = FindFile(index, kSnapshotModelFile)->size_bytes();
  uint64_t bytes = 0;
  for (const ParameterRecord& parameter : index.parameters()) {
    if (!parameter.has_name() || !names.insert(parameter.name()).second) {
      return Wrong("parameters: '", parameter.name(), "' ",
                   parameter.has_name() ? "stands there twice" : "has no name");
    }
    const std::vector<int64_t> shape(parameter.shape().begin(), parameter.shape().end());
    const absl::StatusOr<uint64_t> size = TensorByteSize(DType::kF32, shape);
    if (!size.ok()) return Wrong("parameters: '", parameter.name(), "': ", size.status().message());
    if (*size > limit - bytes) {
      return Wrong("parameters: '", parameter.name(), "' with shape [", absl::StrJoin(shape, ", "),
                   "] does not fit in ", kSnapshotModelFile, ", which has ", limit, " bytes");
    }
    bytes += *size;
  }
  return absl::OkStatus();
}

// With an entry for every file of tensors that is listed.
absl::StatusOr<Names> TensorNames(const SnapshotIndex& index) {
  Names names;
  for (const FileRecord& file : index.files()) {
    if (IsSnapshotTensorFile(file.name())) names[file.name()];
  }
  for (const TensorRecord& tensor : index.tensors()) {
    const auto file = names.find(tensor.file());
    if (file == names.end()) {
      return Wrong("tensors: '", tensor.name(), "' is said to be in '", tensor.file(),
                   "', which is no file of tensors here");
    }
    if (!file->second.insert(tensor.name()).second) {
      return Wrong("tensors: '", tensor.name(), "' stands there twice for ", tensor.file());
    }
    if (!IsXxh3(tensor.xxh3())) return Wrong("tensors: '", tensor.name(), "' has xxh3 '", tensor.xxh3(), "'");
  }
  return names;
}

// The tensors listed for `file` are the expected ones.
absl::Status CheckNames(absl::string_view file, const std::set<std::string>& listed,
                        const std::set<std::string>& expected) {
  for (const std::string& name : expected) {
    if (!listed.contains(name)) return Wrong("tensors: '", name, "' of ", file, " is missing");
  }
  for (const std::string& name : listed) {
    if (!expected.contains(name)) return Wrong("tensors: ", file, " holds an unknown tensor '", name, "'");
  }
  return absl::OkStatus();
}

}  // namespace

// No file is opened or written but in the snapshot's folder.
bool IsAttachmentName(absl::string_view name) {
  if (name.empty() || name == "." || name == ".." || absl::StrContains(name, '/') || absl::StrContains(name, '\0')) {
    return false;
  }
  return IsUtf8(name) && !absl::EndsWith(name, ".safetensors") && name != kSnapshotIndexFile &&
         name != kSnapshotVocabularyFile && name != kSnapshotTokenizerFile;
}

bool IsSnapshotTensorFile(absl::string_view file) {
  return file == kSnapshotModelFile || file == kSnapshotEmaFile || file == kSnapshotCriterionFile ||
         file == kSnapshotOptimizerFile;
}

const FileRecord* FindFile(const SnapshotIndex& index, absl::string_view file) {
  const auto found = std::find_if(index.files().begin(), index.files().end(),
                                  [file](const FileRecord& record) { return record.name() == file; });
  return found == index.files().end() ? nullptr : &*found;
}

const char* WeightsFile(const SnapshotIndex& index, WeightsOf which) {
  const bool average = which == WeightsOf::kModelInUse && FindFile(index, kSnapshotEmaFile) != nullptr;
  return average ? kSnapshotEmaFile : kSnapshotModelFile;
}

absl::Status CheckSnapshotIndex(const SnapshotIndex& index) {
  if (!index.has_progress() || !index.has_environment()) return Wrong("progress or environment is missing");
  RETURN_IF_ERROR(CheckFiles(index));
  std::set<std::string> parameters, slots, moments;
  RETURN_IF_ERROR(CheckParameters(index, parameters));
  ASSIGN_OR_RETURN(const Names listed, TensorNames(index));
  const uint64_t moment_count = static_cast<uint64_t>(index.optimizer_slots_size()) * parameters.size();
  if (listed.at(kSnapshotOptimizerFile).size() != moment_count) {
    return Wrong("tensors: ", kSnapshotOptimizerFile, " holds ", listed.at(kSnapshotOptimizerFile).size(),
                 ", expected ", moment_count, " (", index.optimizer_slots_size(), " slots of ", parameters.size(),
                 " parameters)");
  }
  for (const std::string& slot : index.optimizer_slots()) {
    // "SLOT/PARAMETER" could be read in two ways.
    if (slot.empty() || absl::StrContains(slot, '/')) return Wrong("optimizer_slots: '", slot, "' is no slot's name");
    if (!slots.insert(slot).second) return Wrong("optimizer_slots: '", slot, "' stands there twice");
    for (const std::string& parameter : parameters) moments.insert(absl::StrCat(slot, "/", parameter));
  }
  RETURN_IF_ERROR(CheckNames(kSnapshotModelFile, listed.at(kSnapshotModelFile), parameters));
  RETURN_IF_ERROR(CheckNames(kSnapshotOptimizerFile, listed.at(kSnapshotOptimizerFile), moments));
  const auto average = listed.find(kSnapshotEmaFile);
  return average == listed.end() ? absl::OkStatus() : CheckNames(kSnapshotEmaFile, average->second, parameters);
}

absl::StatusOr<SnapshotIndex> ReadSnapshotIndex(FileSystem& fs, const std::string& path) {
  const std::string file = JoinPath(path, kSnapshotIndexFile);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs, file));
  SnapshotIndex index;
  RETURN_IF_ERROR(Unseal(bytes, file, index));
  if (index.format_version() != kSnapshotFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(file, " has format version ", index.format_version(),
                                                      "; this program reads version ", kSnapshotFormatVersion));
  }
  if (const absl::Status status = CheckSnapshotIndex(index); !status.ok()) return Annotate(status, file);
  return index;
}

}  // namespace baton
