#include "state/snapshot_index.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace baton {
namespace {

constexpr size_t kXxh3HexSize = 32;
constexpr absl::string_view kTensorSuffix = ".safetensors";

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
        file.name() != kSnapshotTokenizerFile && !IsHistoryFile(file.name()) && !IsAttachmentName(file.name())) {
      return Wrong("files: no file of a snapshot can be named '", file.name(), "'");
    }
    if (!names.insert(file.name()).second) return Wrong("files: '", file.name(), "' is listed twice");
    if (!file.has_size_bytes() || file.size_bytes() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Wrong("files: '", file.name(), "' has no size_bytes that a file can have");
    }
    if (!IsXxh3(file.xxh3())) return Wrong("files: '", file.name(), "' has xxh3 '", file.xxh3(), "'");
  }
  return absl::OkStatus();
}

// Takes the bytes of a group's tensors from what its file has left, so that a wrong shape reserves no memory.
absl::Status CheckGroup(const SnapshotIndex& index, const GroupRecord& group,
                        std::map<std::string, uint64_t>& bytes_left) {
  if (group.tensors().empty()) return absl::OkStatus();
  const std::string file = GroupFile(group.name());
  const FileRecord* const record = FindFile(index, file);
  if (record == nullptr) return Wrong("files: ", file, " is missing");
  uint64_t& left = bytes_left.emplace(file, record->size_bytes()).first->second;
  std::set<std::string> names;
  for (const TensorRecord& tensor : group.tensors()) {
    const std::string what = absl::StrCat("groups: tensor '", tensor.name(), "' of ", group.name());
    if (!tensor.has_name()) return Wrong(what, " has no name");
    if (!names.insert(tensor.name()).second) return Wrong(what, " is listed twice");
    if (!IsXxh3(tensor.xxh3())) return Wrong(what, " has xxh3 '", tensor.xxh3(), "'");
    const std::vector<int64_t> shape(tensor.shape().begin(), tensor.shape().end());
    const absl::StatusOr<uint64_t> size = TensorByteSize(DType::kF32, shape);
    if (!size.ok()) return Wrong(what, ": ", size.status().message());
    if (*size > left) {
      return Wrong(what, " with shape [", absl::StrJoin(shape, ", "), "] does not fit in ", file, ", which has ",
                   record->size_bytes(), " bytes");
    }
    left -= *size;
  }
  return absl::OkStatus();
}

// Names, shapes and weight decay are the same.
absl::Status CheckSameTensors(const SnapshotIndex& index, const GroupRecord& group, const char* of) {
  const GroupRecord* const other = FindGroup(index, of);
  if (other == nullptr) return Wrong("groups: ", group.name(), " is there without ", of);
  if (group.tensors_size() != other->tensors_size()) {
    return Wrong("groups: ", group.name(), " has ", group.tensors_size(), " tensors, expected ", other->tensors_size(),
                 " as ", of, " has");
  }
  for (int i = 0; i < group.tensors_size(); ++i) {
    const TensorRecord &a = group.tensors(i), &b = other->tensors(i);
    if (a.name() != b.name() || !std::equal(a.shape().begin(), a.shape().end(), b.shape().begin(), b.shape().end()) ||
        a.weight_decay() != b.weight_decay()) {
      return Wrong("groups: ", group.name(), " has the tensor '", a.name(), "' [", absl::StrJoin(a.shape(), ", "),
                   "], expected '", b.name(), "' [", absl::StrJoin(b.shape(), ", "), "] as ", of, " has");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckGroups(const SnapshotIndex& index) {
  std::set<std::string> names;
  std::map<std::string, uint64_t> bytes_left;
  if (FindGroup(index, kModelGroup) == nullptr) return Wrong("groups: ", kModelGroup, " is missing");
  for (const GroupRecord& group : index.groups()) {
    if (!IsGroupName(group.name())) return Wrong("groups: no group can be named '", group.name(), "'");
    if (!names.insert(group.name()).second) return Wrong("groups: '", group.name(), "' is listed twice");
    RETURN_IF_ERROR(CheckGroup(index, group, bytes_left));
    if (group.name() == kAverageGroup || absl::StartsWith(group.name(), kOptimizerPrefix)) {
      RETURN_IF_ERROR(CheckSameTensors(index, group, kModelGroup));
    }
    if (group.name() == kAverageBuffersGroup) RETURN_IF_ERROR(CheckSameTensors(index, group, kBuffersGroup));
  }
  for (const FileRecord& file : index.files()) {
    if (IsSnapshotTensorFile(file.name()) && !bytes_left.contains(file.name())) {
      return Wrong("files: ", file.name(), " is listed, but no group has tensors in it");
    }
  }
  // "A/B" with the tensor "C" and "A" with the tensor "B/C" would be one and the same.
  size_t tensors = 0;
  for (const GroupRecord& group : index.groups()) tensors += group.tensors_size();
  if (TensorsInFiles(index).size() != tensors) return Wrong("groups: two tensors have one name in one file");
  return absl::OkStatus();
}

absl::Status CheckHistory(const SnapshotIndex& index) {
  const size_t segments = std::count_if(index.files().begin(), index.files().end(),
                                        [](const FileRecord& file) { return IsHistoryFile(file.name()); });
  for (size_t i = 0; i < segments; ++i) {
    const std::string name = HistoryFile(i * History::kSegmentSize);
    if (FindFile(index, name) == nullptr)
      return Wrong("files: ", name, " is missing before other parts of the history");
  }
  if (index.history_size() > History::kSegmentSize || (segments > 0 && index.history().empty())) {
    return Wrong("history: has ", index.history_size(), " measurements behind ", segments, " full segments, expected ",
                 segments > 0 ? 1 : 0, " to ", History::kSegmentSize);
  }
  return absl::OkStatus();
}

}  // namespace

// No file is opened or written but in the snapshot's folder.
bool IsAttachmentName(absl::string_view name) {
  if (name.empty() || name == "." || name == ".." || absl::StrContains(name, '/') || absl::StrContains(name, '\0')) {
    return false;
  }
  return IsUtf8(name) && !absl::EndsWith(name, kTensorSuffix) && !IsHistoryFile(name) && name != kSnapshotIndexFile &&
         name != kSnapshotVocabularyFile && name != kSnapshotTokenizerFile;
}

bool IsSnapshotTensorFile(absl::string_view file) {
  if (!absl::EndsWith(file, kTensorSuffix)) return false;
  const absl::string_view group = file.substr(0, file.size() - kTensorSuffix.size());
  return IsGroupName(group) && !absl::StrContains(group, '/');
}

std::string HistoryFile(size_t first) { return absl::StrFormat("history-%012d.binpb", first); }

bool IsHistoryFile(absl::string_view file) {
  return absl::StartsWith(file, "history-") && absl::EndsWith(file, ".binpb");
}

const FileRecord* FindFile(const SnapshotIndex& index, absl::string_view file) {
  const auto found = std::find_if(index.files().begin(), index.files().end(),
                                  [file](const FileRecord& record) { return record.name() == file; });
  return found == index.files().end() ? nullptr : &*found;
}

const GroupRecord* FindGroup(const SnapshotIndex& index, absl::string_view group) {
  const auto found = std::find_if(index.groups().begin(), index.groups().end(),
                                  [group](const GroupRecord& record) { return record.name() == group; });
  return found == index.groups().end() ? nullptr : &*found;
}

std::map<std::pair<std::string, std::string>, const TensorRecord*> TensorsInFiles(const SnapshotIndex& index) {
  std::map<std::pair<std::string, std::string>, const TensorRecord*> tensors;
  for (const GroupRecord& group : index.groups()) {
    const std::string file = GroupFile(group.name());
    for (const TensorRecord& tensor : group.tensors()) {
      tensors[{file, NameInFile(group.name(), tensor.name())}] = &tensor;
    }
  }
  return tensors;
}

const char* WeightsGroup(const SnapshotIndex& index, WeightsOf which) {
  const bool average = which == WeightsOf::kModelInUse && FindGroup(index, kAverageGroup) != nullptr;
  return average ? kAverageGroup : kModelGroup;
}

const char* BuffersGroup(const SnapshotIndex& index, WeightsOf which) {
  if (which == WeightsOf::kModelInUse && FindGroup(index, kAverageBuffersGroup) != nullptr) return kAverageBuffersGroup;
  return FindGroup(index, kBuffersGroup) != nullptr ? kBuffersGroup : nullptr;
}

bool IsSnapshotDamage(const absl::Status& status) { return absl::IsDataLoss(status) || absl::IsNotFound(status); }

absl::Status CheckSnapshotIndex(const SnapshotIndex& index) {
  if (!index.has_progress() || !index.has_environment()) return Wrong("progress or environment is missing");
  RETURN_IF_ERROR(CheckFiles(index));
  RETURN_IF_ERROR(CheckGroups(index));
  return CheckHistory(index);
}

absl::StatusOr<SnapshotIndex> ReadSnapshotIndex(FileSystem& fs, const std::string& path) {
  const std::string file = JoinPath(path, kSnapshotIndexFile);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs, file));
  SnapshotIndex index;
  RETURN_IF_ERROR(Unseal(bytes, file, index));
  if (index.format_version() > kSnapshotFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(file, " has format version ", index.format_version(),
                                                      "; this program reads up to version ", kSnapshotFormatVersion));
  }
  if (const absl::Status status = CheckSnapshotIndex(index); !status.ok()) return Annotate(status, file);
  return index;
}

absl::StatusOr<History> ReadHistory(FileSystem& fs, const std::string& path, const SnapshotIndex& index) {
  History history;
  for (size_t first = 0;; first += History::kSegmentSize) {
    const FileRecord* const record = FindFile(index, HistoryFile(first));
    if (record == nullptr) break;
    const std::string file = JoinPath(path, record->name());
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(fs, file));
    if (bytes.size() != record->size_bytes() || Xxh3Hex(bytes) != record->xxh3()) {
      return absl::DataLossError(
          absl::StrCat("snapshot ", path, ": ", record->name(), " is damaged: its bytes do not match their digest"));
    }
    ASSIGN_OR_RETURN(std::vector<Measurement> measurements, ParseSegment(bytes, file));
    for (Measurement& measurement : measurements) history.Add(std::move(measurement));
  }
  for (const Measurement& measurement : index.history()) history.Add(measurement);
  return history;
}

}  // namespace baton
