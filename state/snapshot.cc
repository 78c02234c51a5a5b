#include "state/snapshot.h"

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/message_difference.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "state/snapshot_reader.h"

namespace baton {
namespace {

// ---- Saving

// The same tensors contiguous in the CPU's memory: shared where they lie so already, else copies.
FlatTensors OnCpu(const FlatTensors& tensors) {
  const at::Tensor flat = tensors.flat().cpu().contiguous();
  return flat.is_same(tensors.flat()) ? tensors : FlatTensors(tensors.shared_layout(), flat);
}

absl::string_view BytesOf(const at::Tensor& tensor) {
  return absl::string_view(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
}

void AddFile(const std::string& name, uint64_t size_bytes, const std::string& xxh3, SnapshotIndex& index) {
  FileRecord& record = *index.add_files();
  record.set_name(name);
  record.set_size_bytes(size_bytes);
  record.set_xxh3(xxh3);
}

// Vocabulary and tokenizer are files where they are not empty.
std::map<std::string, const std::string*> NamedBytes(const State& state) {
  std::map<std::string, const std::string*> files;
  if (!state.vocabulary.empty()) files[kSnapshotVocabularyFile] = &state.vocabulary;
  if (!state.tokenizer.empty()) files[kSnapshotTokenizerFile] = &state.tokenizer;
  for (const auto& [name, bytes] : state.attachments) files[name] = &bytes;
  return files;
}

// The index of a snapshot of `state`, but for the files of tensors and the tensors' digests.
SnapshotIndex Outline(const State& state) {
  SnapshotIndex index;
  index.set_format_version(kSnapshotFormatVersion);
  *index.mutable_progress() = state.progress;
  *index.mutable_environment() = state.environment;
  for (const TensorGroup& group : state.groups) {
    GroupRecord& record = *index.add_groups();
    record.set_name(group.name);
    for (const FlatLayout::Entry& entry : group.tensors.layout().entries) {
      TensorRecord& tensor = *record.add_tensors();
      tensor.set_name(entry.name);
      tensor.mutable_shape()->Add(entry.shape.begin(), entry.shape.end());
      tensor.set_weight_decay(entry.weight_decay);
    }
  }
  for (size_t i = 0; i < state.history.segments().size(); ++i) {
    const History::Segment& segment = *state.history.segments()[i];
    AddFile(HistoryFile(i * History::kSegmentSize), segment.size_bytes, segment.xxh3, index);
  }
  for (size_t i = state.history.sealed(); i < state.history.size(); ++i) *index.add_history() = state.history[i];
  for (const auto& [name, bytes] : NamedBytes(state)) AddFile(name, bytes->size(), Xxh3Hex(*bytes), index);
  return index;
}

// Whether LoadSnapshot will take these names.
absl::Status CheckNames(const State& state) {
  for (const auto& [name, bytes] : state.attachments) {
    if (!IsAttachmentName(name)) {
      return absl::InvalidArgumentError(absl::StrCat("no attachment of a State can be named '", name, "'"));
    }
  }
  for (const TensorGroup& group : state.groups) {
    if (!IsGroupName(group.name)) {
      return absl::InvalidArgumentError(absl::StrCat("no group of a State's tensors can be named '", group.name, "'"));
    }
  }
  return absl::OkStatus();
}

// Writes the groups `members` of the State, which all lie in `file`, and fills in their digests.
absl::Status WriteTensors(FileSystem& fs, const std::string& folder, const std::string& file, const State& state,
                          const std::vector<int>& members, SnapshotIndex& index) {
  std::vector<TensorBytes> list;
  std::map<std::string, TensorRecord*> records;
  std::vector<FlatTensors> on_cpu;  // what is written points into it
  for (const int i : members) {
    const TensorGroup& group = state.groups[i];
    const FlatTensors& tensors = on_cpu.emplace_back(OnCpu(group.tensors));
    for (size_t j = 0; j < tensors.views().size(); ++j) {
      const FlatLayout::Entry& entry = tensors.layout().entries[j];
      const std::string name = NameInFile(group.name, entry.name);
      records[name] = index.mutable_groups(i)->mutable_tensors(j);
      list.push_back({.name = name, .dtype = DType::kF32, .shape = entry.shape, .bytes = BytesOf(tensors.views()[j])});
    }
  }
  if (list.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const SafetensorsDigests digests,
                   WriteSafetensors(fs, JoinPath(folder, file), std::move(list), {}, /*with_file_digests=*/false));
  for (const TensorDigest& tensor : digests.tensors) records.at(tensor.name)->set_xxh3(tensor.xxh3);
  AddFile(file, digests.size_bytes, digests.header_xxh3, index);
  return absl::OkStatus();
}

absl::Status WriteBytes(FileSystem& fs, const std::string& path, absl::string_view bytes) {
  ASSIGN_OR_RETURN(const auto writer, FileWriter::Create(fs, path));
  RETURN_IF_ERROR(writer->Append(bytes));
  return writer->Finish();
}

// Whether `path` is now another name of the file `of`, which is durable, and that holds the segment.
bool Link(FileSystem& fs, const std::string& of, const std::string& path, const History::Segment& segment) {
  if (fs.Link(of, path) != 0) return false;
  const absl::StatusOr<std::string> bytes = ReadFile(fs, path);
  if (bytes.ok() && bytes->size() == segment.size_bytes && Xxh3Hex(*bytes) == segment.xxh3) return true;
  fs.Unlink(path);
  return false;
}

absl::Status WriteHistory(FileSystem& fs, const std::string& folder, const History& history,
                          const std::string& previous) {
  for (size_t i = 0; i < history.segments().size(); ++i) {
    const History::Segment& segment = *history.segments()[i];
    const std::string name = HistoryFile(i * History::kSegmentSize);
    const std::string path = JoinPath(folder, name);
    if (!previous.empty() && Link(fs, JoinPath(previous, name), path, segment)) continue;
    RETURN_IF_ERROR(WriteBytes(fs, path, SegmentBytes(segment.measurements)));
  }
  return absl::OkStatus();
}

// ---- Comparing

std::string ShapeOf(const TensorRecord& tensor) { return absl::StrCat("[", absl::StrJoin(tensor.shape(), ", "), "]"); }

void CompareGroups(const GroupRecord& there, const GroupRecord& here, std::vector<std::string>& lines) {
  std::map<std::string, const TensorRecord*> rest;
  for (const TensorRecord& tensor : there.tensors()) rest[tensor.name()] = &tensor;
  for (const TensorRecord& tensor : here.tensors()) {
    const std::string name = absl::StrCat(here.name(), " ", tensor.name());
    const auto found = rest.extract(tensor.name());
    if (found.empty()) {
      lines.push_back(absl::StrCat(name, " is not in the snapshot"));
    } else if (const TensorRecord& other = *found.mapped(); ShapeOf(other) != ShapeOf(tensor)) {
      lines.push_back(absl::StrCat(name, " has the shape ", ShapeOf(other), " there and ", ShapeOf(tensor), " here"));
    } else if (other.xxh3() != tensor.xxh3()) {
      lines.push_back(absl::StrCat(name, " has other values"));
    }
  }
  for (const auto& [name, tensor] : rest) lines.push_back(absl::StrCat(there.name(), " ", name, " is only there"));
}

void CompareFiles(const SnapshotIndex& there, const SnapshotIndex& here, std::vector<std::string>& lines) {
  std::map<std::string, const FileRecord*> rest;
  for (const FileRecord& file : there.files()) {
    if (!IsSnapshotTensorFile(file.name())) rest[file.name()] = &file;
  }
  for (const FileRecord& file : here.files()) {
    const auto found = rest.extract(file.name());
    if (found.empty()) {
      lines.push_back(absl::StrCat(file.name(), " is not in the snapshot"));
    } else if (found.mapped()->size_bytes() != file.size_bytes() || found.mapped()->xxh3() != file.xxh3()) {
      lines.push_back(absl::StrCat(file.name(), " has other bytes"));
    }
  }
  for (const auto& [name, file] : rest) lines.push_back(absl::StrCat(name, " is only there"));
}

// ---- Loading

State WithoutTensors(const SnapshotIndex& index) {
  State state;
  state.progress = index.progress();
  state.environment = index.environment();
  return state;
}

absl::Status ReadNamedBytes(const SnapshotReader& reader, const std::function<void(uint64_t)>& on_bytes, State& state) {
  for (const FileRecord& record : reader.index().files()) {
    if (IsSnapshotTensorFile(record.name()) || IsHistoryFile(record.name())) continue;
    std::string& bytes = record.name() == kSnapshotVocabularyFile  ? state.vocabulary
                         : record.name() == kSnapshotTokenizerFile ? state.tokenizer
                                                                   : state.attachments[record.name()];
    ASSIGN_OR_RETURN(bytes, reader.ReadBytes(record));
    if (on_bytes) on_bytes(bytes.size());
  }
  return absl::OkStatus();
}

// Adds the tensors of the record as the group `name`. On the CPU they are yet to be filled, all groups together.
absl::Status AddGroup(SnapshotReader& reader, const GroupRecord& record, const std::string& name, at::Device device,
                      const std::function<void(uint64_t)>& on_bytes, State& state) {
  ASSIGN_OR_RETURN(FlatTensors tensors, reader.Want(record));
  if (!device.is_cpu()) {
    RETURN_IF_ERROR(reader.ReadTensors(on_bytes));
    tensors = tensors.CopyTo(device);
  }
  state.groups.push_back({name, std::move(tensors)});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SnapshotIndex> SaveSnapshot(FileSystem& fs, const State& state, const std::string& path,
                                           const std::function<absl::Status()>& before_commit,
                                           const std::string& previous) {
  RETURN_IF_ERROR(CheckNames(state));
  SnapshotIndex index = Outline(state);
  std::vector<std::string> files;                   // in the order of the groups
  std::map<std::string, std::vector<int>> members;  // positions of a file's groups
  for (size_t i = 0; i < state.groups.size(); ++i) {
    const std::string file = GroupFile(state.groups[i].name);
    if (!members.contains(file)) files.push_back(file);
    members[file].push_back(static_cast<int>(i));
  }
  ASSIGN_OR_RETURN(const auto folder, StagedFolder::Create(fs, path));
  for (const std::string& file : files) {
    RETURN_IF_ERROR(WriteTensors(fs, folder->path(), file, state, members[file], index));
  }
  RETURN_IF_ERROR(WriteHistory(fs, folder->path(), state.history, previous));
  for (const auto& [name, bytes] : NamedBytes(state)) {
    RETURN_IF_ERROR(WriteBytes(fs, JoinPath(folder->path(), name), *bytes));
  }
  if (const absl::Status status = CheckSnapshotIndex(index); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("a snapshot cannot hold this State: ", status.message()));
  }
  RETURN_IF_ERROR(WriteBytes(fs, JoinPath(folder->path(), kSnapshotIndexFile), Seal(index)));
  if (before_commit) RETURN_IF_ERROR(before_commit());
  RETURN_IF_ERROR(folder->Commit());
  return index;
}

std::vector<std::string> DifferencesFrom(const SnapshotIndex& index, const State& state) {
  SnapshotIndex here = Outline(state);
  std::vector<std::string> lines;
  for (size_t i = 0; i < state.groups.size(); ++i) {
    const FlatTensors tensors = OnCpu(state.groups[i].tensors);
    GroupRecord& group = *here.mutable_groups(i);
    for (size_t j = 0; j < tensors.views().size(); ++j) {
      group.mutable_tensors(j)->set_xxh3(Xxh3Hex(BytesOf(tensors.views()[j])));
    }
    const GroupRecord* const there = FindGroup(index, group.name());
    CompareGroups(there != nullptr ? *there : GroupRecord(), group, lines);
  }
  for (const GroupRecord& there : index.groups()) {
    if (FindGroup(here, there.name()) == nullptr) CompareGroups(there, GroupRecord(), lines);
  }
  CompareFiles(index, here, lines);
  SnapshotIndex there_fields, here_fields;
  *there_fields.mutable_progress() = index.progress();
  *here_fields.mutable_progress() = here.progress();
  *there_fields.mutable_history() = index.history();
  *here_fields.mutable_history() = here.history();
  for (const MessageFieldDifference& field : DifferentFields(there_fields, here_fields)) {
    lines.push_back(absl::StrCat(field.field, ": ", field.a.value_or("absent"), " -> ", field.b.value_or("absent")));
  }
  return lines;
}

absl::StatusOr<GroupLayouts> LayoutsOf(const SnapshotIndex& index) {
  GroupLayouts layouts;
  for (const GroupRecord& group : index.groups()) {
    ASSIGN_OR_RETURN(std::shared_ptr<const FlatLayout> layout, LayoutOf(group));
    layouts.emplace_back(group.name(), std::move(layout));
  }
  return layouts;
}

absl::StatusOr<State> LoadSnapshot(FileSystem& fs, const std::string& path, at::Device device,
                                   const std::function<void(uint64_t)>& on_bytes) try {
  ASSIGN_OR_RETURN(SnapshotReader reader, SnapshotReader::Open(fs, path));
  State state = WithoutTensors(reader.index());
  for (const GroupRecord& group : reader.index().groups()) {
    RETURN_IF_ERROR(AddGroup(reader, group, group.name(), device, on_bytes, state));
  }
  RETURN_IF_ERROR(reader.ReadTensors(on_bytes));
  for (const TensorGroup& group : state.groups) group.tensors.Filled();
  ASSIGN_OR_RETURN(state.history, ReadHistory(fs, path, reader.index()));
  RETURN_IF_ERROR(ReadNamedBytes(reader, on_bytes, state));
  return state;
} catch (const std::exception& exception) {
  return StatusFromException(exception);
}

absl::StatusOr<State> LoadForInference(FileSystem& fs, const std::string& path, at::Device device) try {
  ASSIGN_OR_RETURN(SnapshotReader reader, SnapshotReader::Open(fs, path));
  const SnapshotIndex& index = reader.index();
  State state = WithoutTensors(index);
  RETURN_IF_ERROR(AddGroup(reader, *FindGroup(index, WeightsGroup(index, WeightsOf::kModelInUse)), kModelGroup, device,
                           nullptr, state));
  if (const char* const buffers = BuffersGroup(index, WeightsOf::kModelInUse); buffers != nullptr) {
    RETURN_IF_ERROR(AddGroup(reader, *FindGroup(index, buffers), kBuffersGroup, device, nullptr, state));
  }
  RETURN_IF_ERROR(reader.ReadTensors());
  RETURN_IF_ERROR(ReadNamedBytes(reader, /*on_bytes=*/nullptr, state));
  return state;
} catch (const std::exception& exception) {
  return StatusFromException(exception);
}

}  // namespace baton
