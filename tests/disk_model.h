#ifndef BATON_TESTS_DISK_MODEL_H_
#define BATON_TESTS_DISK_MODEL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace baton {

// What a disk has done, when the power goes, of what nobody had waited for.
struct Survival {
  // Of bytes written to a file since its last fsync.
  enum class Data {
    kLost,  // the file is as at its last fsync; empty, if there was none
    kKept,
    kTorn,  // each file: lost, kept, or a part of its length, of which some blocks of 512 bytes arrived
  };
  // Of entries that were made, renamed or removed since the last fsync of their folder.
  enum class Entries {
    kLost,
    kKept,
    kFirst,  // those up to some moment, in order: a journal
    kSome,   // any of them
  };
  Data data = Data::kLost;
  Entries entries = Entries::kLost;
  // Of what is left to chance.
  uint64_t seed = 0;
};

// A folder's tree in memory: as it is, what of it is durable, and what a disk may hold of it after a power cut.
//
// The weakest that POSIX allows: fsync of a file makes its bytes durable, not its name; fsync of a folder makes durable
// which entries it has, not what is in them. A rename is one change, also from folder to folder. What happened under
// one name keeps its order; beyond that nothing does. So a file may be there empty, a new name may stand for old bytes,
// and what is in a folder is gone if the folder's own entry was not synced. Not thread-safe.
class DiskModel {
 public:
  // A file or a folder, under whatever names.
  struct Node;
  using NodePointer = std::shared_ptr<Node>;
  using Entries = std::map<std::string, NodePointer>;
  struct Node {
    bool is_folder = false;
    std::string data, durable_data;
    Entries entries, durable_entries;
  };

  // All that is in `folder` (absolute, and there) counts as durable.
  explicit DiskModel(std::string folder);

  // What stands at a path; null if nothing does, or if it is not below the folder.
  NodePointer Find(const std::string& path) const;
  // `node` then stands at `path`; nothing, if it is null.
  void Put(const std::string& path, NodePointer node);
  void Move(const std::string& from, const std::string& to);
  // fsync.
  void Sync(const NodePointer& node);

  // Replaces all that is in the real folder by what the disk may hold of it.
  void Restore(const Survival& survival) const;

 private:
  // One name in one folder.
  struct Slot {
    NodePointer folder;
    std::string name;
    bool operator<(const Slot& other) const {
      return folder != other.folder ? folder < other.folder : name < other.name;
    }
  };
  // One call's changes of entries: what each name then stands for, null where it is gone. Empty outside of the folder.
  using Change = std::map<Slot, NodePointer>;

  Change ChangeOf(const std::string& path, NodePointer node) const;
  void Apply(Change change);
  static void Set(const Change& change, Entries Node::*entries);
  // Which changes of entries that are not durable survive: what each name stands for.
  Change Survivors(const Survival& survival) const;

  const std::string folder_;
  const NodePointer root_;
  // Not yet durable, oldest first.
  std::vector<Change> pending_;
};

}  // namespace baton

#endif  // BATON_TESTS_DISK_MODEL_H_
