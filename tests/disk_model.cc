#include "tests/disk_model.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/random.h"

namespace baton {
namespace {

constexpr size_t kBlockBytes = 512;

// Draws, each another one.
class Chance {
 public:
  Chance(uint64_t seed, const char* purpose) : seed_(seed), purpose_(purpose) {}
  // 0 .. n - 1.
  uint64_t Below(uint64_t n) { return MixSeed(seed_, purpose_, count_++) % n; }

 private:
  const uint64_t seed_;
  const char* const purpose_;
  uint64_t count_ = 0;
};

DiskModel::NodePointer Read(const std::filesystem::path& path) {
  const auto node = std::make_shared<DiskModel::Node>();
  node->is_folder = std::filesystem::is_directory(path);
  if (node->is_folder) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      node->entries[entry.path().filename()] = Read(entry.path());
    }
  } else {
    std::ifstream file(path, std::ios::binary);
    node->data = {std::istreambuf_iterator<char>(file), {}};
  }
  node->durable_data = node->data;
  node->durable_entries = node->entries;
  return node;
}

std::string Tear(const std::string& durable, const std::string& written, Chance& chance) {
  if (durable == written) return written;
  const uint64_t kind = chance.Below(4);
  if (kind == 0) return durable;
  if (kind == 1) return written;
  std::string torn = written.substr(0, chance.Below(written.size() + 1));
  for (size_t begin = 0; begin < torn.size(); begin += kBlockBytes) {
    if (chance.Below(2) == 0) continue;
    for (size_t i = begin; i < std::min(begin + kBlockBytes, torn.size()); ++i) {
      torn[i] = i < durable.size() ? durable[i] : '\0';
    }
  }
  return torn;
}

}  // namespace

DiskModel::DiskModel(std::string folder) : folder_(std::move(folder)), root_(Read(folder_)) {}

DiskModel::NodePointer DiskModel::Find(const std::string& path) const {
  absl::string_view rest = path;
  if (!absl::ConsumePrefix(&rest, folder_) || (!rest.empty() && rest[0] != '/')) return nullptr;
  NodePointer node = root_;
  for (const absl::string_view name : absl::StrSplit(rest, '/', absl::SkipEmpty())) {
    const auto found = node->entries.find(std::string(name));
    if (found == node->entries.end()) return nullptr;
    node = found->second;
  }
  return node;
}

DiskModel::Change DiskModel::ChangeOf(const std::string& path, NodePointer node) const {
  const std::filesystem::path whole(path);
  NodePointer folder = Find(whole.parent_path());
  if (folder == nullptr) return {};
  return {{Slot{std::move(folder), whole.filename()}, std::move(node)}};
}

void DiskModel::Set(const Change& change, Entries Node::*entries) {
  for (const auto& [slot, node] : change) {
    Entries& those = (*slot.folder).*entries;
    if (node == nullptr) {
      those.erase(slot.name);
    } else {
      those[slot.name] = node;
    }
  }
}

void DiskModel::Apply(Change change) {
  if (change.empty()) return;
  Set(change, &Node::entries);
  pending_.push_back(std::move(change));
}

void DiskModel::Put(const std::string& path, NodePointer node) { Apply(ChangeOf(path, std::move(node))); }

void DiskModel::Move(const std::string& from, const std::string& to) {
  Change change = ChangeOf(to, Find(from));
  change.merge(ChangeOf(from, nullptr));
  Apply(std::move(change));
}

void DiskModel::Sync(const NodePointer& node) {
  node->durable_data = node->data;
  // With the changes of this folder those that came before them under the same names.
  std::set<Slot> needed;
  std::vector<Change> durable, still_pending;  // newest first
  for (auto change = pending_.rbegin(); change != pending_.rend(); ++change) {
    const bool goes = std::any_of(change->begin(), change->end(), [&](const auto& entry) {
      return entry.first.folder == node || needed.count(entry.first) > 0;
    });
    if (goes) {
      for (const auto& [slot, unused] : *change) needed.insert(slot);
    }
    (goes ? durable : still_pending).push_back(std::move(*change));
  }
  for (auto change = durable.rbegin(); change != durable.rend(); ++change) Set(*change, &Node::durable_entries);
  std::reverse(still_pending.begin(), still_pending.end());
  pending_ = std::move(still_pending);
}

DiskModel::Change DiskModel::Survivors(const Survival& survival) const {
  Chance chance(survival.seed, "entries");
  Change survivors;
  std::set<Slot> lost;
  const size_t first = survival.entries == Survival::Entries::kFirst ? chance.Below(pending_.size() + 1) : 0;
  for (size_t i = 0; i < pending_.size(); ++i) {
    const bool kept = survival.entries == Survival::Entries::kKept || i < first ||
                      (survival.entries == Survival::Entries::kSome && chance.Below(2) == 0);
    const bool after_lost = std::any_of(pending_[i].begin(), pending_[i].end(),
                                        [&](const auto& entry) { return lost.count(entry.first) > 0; });
    for (const auto& [slot, node] : pending_[i]) {
      if (kept && !after_lost) {
        survivors[slot] = node;
      } else {
        lost.insert(slot);
      }
    }
  }
  return survivors;
}

void DiskModel::Restore(const Survival& survival) const {
  const Change survivors = Survivors(survival);
  Chance chance(survival.seed, "data");
  std::map<NodePointer, std::filesystem::path> written;  // a file with several names is written once
  const auto write = [&](const auto& write, const std::filesystem::path& path, const NodePointer& node) -> void {
    if (node->is_folder) {
      std::filesystem::create_directories(path);
      Entries entries = node->durable_entries;
      for (const auto& [slot, child] : survivors) {
        if (slot.folder == node) entries[slot.name] = child;
      }
      for (const auto& [name, child] : entries) {
        if (child != nullptr) write(write, path / name, child);
      }
      return;
    }
    const auto [other, is_new] = written.emplace(node, path);
    if (!is_new) return std::filesystem::create_hard_link(other->second, path);
    std::ofstream file(path, std::ios::binary);
    file << (survival.data == Survival::Data::kLost   ? node->durable_data
             : survival.data == Survival::Data::kKept ? node->data
                                                      : Tear(node->durable_data, node->data, chance));
  };
  std::filesystem::remove_all(folder_);
  write(write, folder_, root_);
}

}  // namespace baton
