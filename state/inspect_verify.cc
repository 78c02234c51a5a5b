#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/human.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "state/find_snapshot.h"
#include "state/inspect.pb.h"
#include "state/inspect_command.h"
#include "state/verify_snapshot.h"

namespace baton {
namespace {

constexpr char kHelp[] =
    R"(Reads every byte of every snapshot under PATH and compares it with the digests that were recorded when it was
written. Prints a line for each thing that is damaged, with its file and tensor, and a closing line. Those that
training found damaged and set aside are named, and no fault.

  inspect verify runs/iris && echo intact)";

std::string AsText(const SnapshotVerification& verification) {
  std::string text;
  for (const SnapshotDamage& damage : verification.damages()) {
    const std::string line = absl::StrCat(JoinPath(damage.path(), damage.file()),
                                          damage.has_tensor() ? absl::StrCat("  tensor '", damage.tensor(), "'") : "",
                                          "  ", damage.message());
    absl::StrAppend(&text, "damaged  ", EscapeControl(line), "\n");
  }
  for (const std::string& path : verification.set_aside()) {
    absl::StrAppend(&text, "set aside  ", EscapeControl(path), "\n");
  }
  absl::StrAppend(&text, verification.ok() ? "OK: " : "NOT OK: ", verification.verified(),
                  verification.verified() == 1 ? " snapshot verifies, " : " snapshots verify, ",
                  HumanBytes(verification.bytes()), " read\n");
  return text;
}

absl::Status Verify(FileSystem& fs, const InspectSnapshotOptions& options, InspectSnapshotAnswer& answer) {
  const std::string path = AbsolutePath(options.arguments[1], options.working_folder);
  ASSIGN_OR_RETURN(const std::vector<SnapshotFolder> folders, FindSnapshots(fs, path));
  uint64_t total = 0;
  for (const SnapshotFolder& folder : folders) {
    if (folder.set_aside) continue;
    total += FolderSize(fs, folder.path).value_or(0);
  }
  SnapshotVerification verification;
  uint64_t bytes = 0;
  Progress progress("verify", "bytes", total);
  for (const SnapshotFolder& folder : folders) {
    if (folder.set_aside) {
      verification.add_set_aside(folder.path);
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<SnapshotDamage> damages, VerifySnapshot(fs, folder.path, [&](uint64_t read) {
                       bytes += read;
                       progress.Update(bytes, folder.path);
                     }));
    // What training has removed since it was listed was not damaged.
    ASSIGN_OR_RETURN(const bool is_there, Exists(fs, folder.path));
    if (!is_there) continue;
    if (damages.empty()) verification.set_verified(verification.verified() + 1);
    verification.mutable_damages()->Add(damages.begin(), damages.end());
  }
  progress.Clear();
  verification.set_verified(verification.verified());  // 0 is a number too
  verification.set_bytes(bytes);
  verification.set_ok(verification.damages().empty());
  RETURN_IF_ERROR(Answer(options, verification, AsText(verification), answer));
  return verification.ok() ? absl::OkStatus()
                           : absl::DataLossError(absl::StrCat("not all snapshots in ", path, " are intact"));
}

}  // namespace

SnapshotCommand VerifySnapshotsCommand() { return {.name = "verify", .usage = "PATH", .help = kHelp, .run = Verify}; }

}  // namespace baton
