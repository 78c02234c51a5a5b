#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/human.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "state/find_snapshot.h"
#include "state/inspect.pb.h"
#include "state/inspect_command.h"
#include "state/snapshot.h"
#include "state/state_difference.h"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Verifies two snapshots and says how they differ: each tensor, by how many elements (bit for bit: -0 and 0
differ, and so do two NaN of other bits), at most and on average; counters and history by field; vocabulary
and other files. Where they were written is shown, and is no difference. Like diff, exits with 0 if there is
no difference and with 1 if there is one.

  inspect diff runs/iris runs/iris_again
  inspect diff runs/iris/train/0123456789abcdef/step-00000000{1000,1200})";

using Rows = std::vector<std::vector<std::string>>;

void AppendTable(absl::string_view headline, const Rows& rows, size_t first_right, std::string& text) {
  if (rows.size() > 1) absl::StrAppend(&text, headline, "\n", AlignColumns(rows, /*indent=*/2, first_right));
}

Rows FieldRows(const google::protobuf::RepeatedPtrField<FieldDifference>& fields) {
  Rows rows = {{"field", "a", "b"}};
  for (const FieldDifference& field : fields) {
    rows.push_back({field.field(), field.has_a() ? field.a() : "absent", field.has_b() ? field.b() : "absent"});
  }
  return rows;
}

std::string FileText(bool is_there, uint64_t size) { return is_there ? HumanBytes(size) : "absent"; }

std::string AsText(const SnapshotDifference& difference) {
  std::string text = absl::StrCat("a  ", EscapeControl(difference.a()), "\nb  ", EscapeControl(difference.b()), "\n");
  Rows tensors = {{"group", "name", "differ", "elements", "largest", "mean", "not finite"}};
  Rows types = {{"group", "name", "a", "b"}};
  for (const TensorDifference& tensor : difference.tensors()) {
    if (!tensor.has_elements()) {
      types.push_back({tensor.group(), tensor.name(), tensor.has_a() ? tensor.a() : "absent",
                       tensor.has_b() ? tensor.b() : "absent"});
      continue;
    }
    tensors.push_back({tensor.group(), tensor.name(), absl::StrCat(tensor.differing_elements()),
                       absl::StrCat(tensor.elements()), absl::StrFormat("%.3e", tensor.largest_difference()),
                       absl::StrFormat("%.3e", tensor.mean_difference()), absl::StrCat(tensor.differing_not_finite())});
  }
  AppendTable("tensors in one of them, or of another type or shape:", types, /*first_right=*/4, text);
  AppendTable("tensors with other values:", tensors, /*first_right=*/2, text);
  AppendTable("counters and history:", FieldRows(difference.progress()), /*first_right=*/3, text);
  Rows files = {{"name", "a", "b"}};
  for (const FileDifference& file : difference.files()) {
    files.push_back({file.name(), FileText(file.has_a_size_bytes(), file.a_size_bytes()),
                     FileText(file.has_b_size_bytes(), file.b_size_bytes())});
  }
  AppendTable("files with other bytes:", files, /*first_right=*/1, text);
  AppendTable("written elsewhere (no difference):", FieldRows(difference.environment()), /*first_right=*/3, text);
  return absl::StrCat(text, difference.identical() ? "identical\n" : "different\n");
}

absl::Status Diff(FileSystem& fs, const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer) {
  std::string paths[2];
  State states[2];
  uint64_t bytes = 0;
  Progress progress("diff", "bytes", 0);
  const auto on_bytes = [&](uint64_t done) { progress.Update(bytes += done, ""); };
  for (int i = 0; i < 2; ++i) {
    const std::string path = AbsolutePath(options.arguments[1 + i], options.working_folder);
    RETURN_IF_ERROR(UseSnapshot(fs, path, options.train_key_of, [&](const std::string& snapshot) -> absl::Status {
      paths[i] = snapshot;
      ASSIGN_OR_RETURN(states[i], LoadSnapshot(fs, snapshot, at::kCPU, on_bytes));
      return absl::OkStatus();
    }));
  }
  SnapshotDifference difference = CompareStates(states[0], states[1], on_bytes);
  difference.set_a(paths[0]);
  difference.set_b(paths[1]);
  answer.exit_code = difference.identical() ? 0 : 1;
  return Answer(options, difference, AsText(difference), answer);
}

}  // namespace

SnapshotCommand DiffSnapshotsCommand() {
  return {.name = "diff", .usage = "PATH PATH", .arguments = 2, .help = kHelp, .run = Diff};
}

}  // namespace baton
