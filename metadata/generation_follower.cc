// Why stepping forward finds the newest generation.
//
// A number belongs to the first file that gets it. link() gives it to one file only. A damaged file gives its name free
// when it is set aside, but by a rename to NUMBER.binpb.damaged, so that the mark is there from the moment on at which
// the name is free. So whoever has read or created a file under a number and *then* sees no mark, has the number's
// first file (ReadUnmarked, which all readers use, looks after it has read); a file beside a mark counts for nobody,
// and who created it removes it and tries again (MetadataStore::Commit). There is one name that is a mark, so that one
// look tells.
//
// A generation gets a number only from somebody who found every lower number taken or marked, above the generation that
// it follows. So numbers have no holes, and where neither a file nor a mark stands under the number after the newest
// one, there is nothing above. Hence a step from a known generation N, `next` being the first number that was neither
// taken nor marked:
//   - `next` holds a sound generation that follows N, and no mark: it is known from here on; another step.
//   - neither file nor mark: N is the newest, and `next` may be tried. If another process is faster, link() fails.
//   - anything else (a mark, damage, one that does not follow N, an error): the folder is listed, which tells.
// Between finding and link() another process may commit (link() fails), or commit and have its file set aside (the mark
// tells). So each generation follows the one below it, however many processes step.
//
// What people do to the folder is no part of this. That N's file is still the one that was read is looked at first, so
// that a folder that was moved away or replaced, a removed or an edited file is found at once: the folder is listed,
// and must then continue N, or it is an error. Only the removal of a generation above N between two steps of an idle
// process would make a hole to stumble over, so the folder is listed every ten seconds at least: an idle process, whose
// next commit may be hours away, always lists, and one that commits often pays once in a while.
#include "metadata/generation_follower.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "base/status_macros.h"
#include "metadata/generation_folder.h"

namespace baton {
absl::StatusOr<NewestGeneration> GenerationFollower::Find() {
  if (!known_ || std::chrono::steady_clock::now() - listed_at_ >= list_every_) return List();
  if (known_->record.has_generation()) {
    const absl::StatusOr<std::optional<Identity>> identity = Identify(known_->record.generation());
    if (!identity.ok() || *identity != identity_) return List();
  }
  Step step;
  do {
    step = TakeStep();
  } while (step == Step::kNext);
  if (step == Step::kUnclear) return List();
  return *known_;
}

GenerationFollower::Step GenerationFollower::TakeStep() {
  const uint64_t next = known_->next_number;
  // Before it is read: should it be replaced in between, the next look sees another file.
  const absl::StatusOr<std::optional<Identity>> identity = Identify(next);
  if (!identity.ok()) return Step::kUnclear;
  if (!identity->has_value()) {
    const absl::StatusOr<bool> marked = IsMarked(fs_, folder_, next);
    return marked.ok() && !*marked ? Step::kNone : Step::kUnclear;
  }
  absl::StatusOr<Metadata> record = ReadGeneration(fs_, folder_, next);
  const Metadata* const before = known_->record.has_generation() ? &known_->record : nullptr;
  if (!record.ok() || CheckLink(*record, before) != Link::kFollows) return Step::kUnclear;
  known_->record = *std::move(record);
  known_->next_number = next + 1;
  identity_ = *identity;
  return Step::kNext;
}

absl::StatusOr<NewestGeneration> GenerationFollower::List() {
  ASSIGN_OR_RETURN(NewestGeneration newest, FindNewestGeneration(fs_, folder_));
  RETURN_IF_ERROR(CheckContinues(newest));
  std::optional<Identity> identity;
  if (newest.record.has_generation()) {
    ASSIGN_OR_RETURN(identity, Identify(newest.record.generation()));
  }
  listed_at_ = std::chrono::steady_clock::now();
  known_.emplace();
  known_->record = newest.record;
  known_->next_number = newest.next_number;
  identity_ = identity;
  return newest;
}

absl::Status GenerationFollower::CheckContinues(NewestGeneration& newest) const {
  if (!known_ || !known_->record.has_generation()) return absl::OkStatus();
  const Metadata& before = known_->record;
  const Metadata& now = newest.record;
  const bool same_run = now.has_generation() && now.run().run_id() == before.run().run_id();
  if (same_run && now.generation() > before.generation()) {
    ASSIGN_OR_RETURN(const bool there, KnownIsThere());
    if (there) return absl::OkStatus();
  }
  if (same_run && now.generation() == before.generation() && now.sha256() == before.sha256()) return absl::OkStatus();
  if (same_run && now.generation() < before.generation()) {
    const std::string name = GenerationName(before.generation());
    if (std::any_of(newest.damaged.begin(), newest.damaged.end(),
                    [&](const NewestGeneration::Damage& damage) { return damage.name == name; })) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const bool marked, IsMarked(fs_, folder_, before.generation()));
    if (marked) {
      newest.warning = absl::StrCat("generation ", before.generation(), " of the record in ", folder_,
                                    " was found damaged and set aside by another process; going on with generation ",
                                    now.generation());
      return absl::OkStatus();
    }
  }
  return absl::DataLossError(absl::StrCat(
      "the record in ", folder_, " was removed or replaced while this program was at work: it was generation ",
      before.generation(), " with seal ", before.sha256(), " of run ", before.run().run_id(), ", and now it is ",
      now.has_generation()
          ? absl::StrCat("generation ", now.generation(), " with seal ", now.sha256(), " of run ", now.run().run_id())
          : "not there",
      ". Put it back, or run the same command again to go on from what is there"));
}

absl::StatusOr<bool> GenerationFollower::KnownIsThere() const {
  const uint64_t number = known_->record.generation();
  const absl::StatusOr<Metadata> found = ReadGeneration(fs_, folder_, number);
  if (found.ok()) return found->sha256() == known_->record.sha256();
  if (absl::IsDataLoss(found.status())) return true;
  if (!absl::IsNotFound(found.status())) return found.status();
  return IsMarked(fs_, folder_, number);
}

absl::StatusOr<std::optional<GenerationFollower::Identity>> GenerationFollower::Identify(uint64_t number) const {
  const std::string path = JoinPath(folder_, GenerationName(number));
  struct stat file;
  const int error = fs_.Stat(path, &file);
  if (error == -ENOENT || error == -ENOTDIR) return std::nullopt;
  if (error != 0) return IoError(error, "look at", path);
  return Identity{file.st_dev, file.st_ino, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec};
}

}  // namespace baton
