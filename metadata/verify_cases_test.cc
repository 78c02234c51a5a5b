// What can be done to a history, and what VerifyRecord() calls it, without and with the head that was noted before.
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "metadata/testing.h"
#include "metadata/verify.h"

namespace baton {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using Tamper = std::function<void(const std::string& run_dir, const std::string& other)>;

constexpr uint64_t kGenerations = 5;

// What is done to a record of five generations. `other` is a record of another run, with six.
struct Case {
  std::string name;
  Tamper tamper;
  // "kind file" of each finding, in the order of the files.
  std::vector<std::string> findings;
  // Whether the head that the record had shows it too, or alone.
  bool head_is_gone;
};

Metadata ReadBack(const std::string& run_dir, uint64_t number) {
  Metadata record;
  EXPECT_TRUE(record.ParseFromString(ReadAll(GenerationPath(run_dir, number))));
  return record;
}

Tamper Remove(std::vector<uint64_t> numbers) {
  return [=](const std::string& run_dir, const std::string&) {
    for (const uint64_t number : numbers) std::filesystem::remove(GenerationPath(run_dir, number));
  };
}

Tamper Exchange(uint64_t a, uint64_t b) {
  return [=](const std::string& run_dir, const std::string&) {
    const std::string bytes = ReadAll(GenerationPath(run_dir, a));
    WriteAll(GenerationPath(run_dir, a), ReadAll(GenerationPath(run_dir, b)));
    WriteAll(GenerationPath(run_dir, b), bytes);
  };
}

// Other contents with right seals, in each of the generations `from` to `to`, which follow each other.
Tamper Rewrite(uint64_t from, uint64_t to) {
  return [=](const std::string& run_dir, const std::string&) {
    for (uint64_t number = from; number <= to; ++number) {
      Metadata record = ReadBack(run_dir, number);
      record.mutable_load()->set_raw_file_size(1000);
      if (number > 1) record.set_previous_sha256(ReadBack(run_dir, number - 1).sha256());
      WriteAll(GenerationPath(run_dir, number), Seal(record));
    }
  };
}

Tamper PutInForeign(uint64_t number) {
  return [=](const std::string& run_dir, const std::string& other) {
    WriteAll(GenerationPath(run_dir, number), ReadAll(GenerationPath(other, number)));
  };
}

Tamper Edit(uint64_t number) {
  return [=](const std::string& run_dir, const std::string&) { FlipByte(GenerationPath(run_dir, number), 20); };
}

// First the one, then the other.
Tamper Both(Tamper first, Tamper second) {
  return [=](const std::string& run_dir, const std::string& other) {
    first(run_dir, other);
    second(run_dir, other);
  };
}

Tamper Rename(uint64_t number, std::string ending) {
  return [=](const std::string& run_dir, const std::string&) {
    const std::string path = GenerationPath(run_dir, number);
    std::filesystem::rename(path, path + ending);
  };
}

// Removes the generations `first` to `last`, and writes those after them anew, so that the chain fits.
Tamper RemoveAndRewrite(uint64_t first, uint64_t last) {
  return [=](const std::string& run_dir, const std::string&) {
    for (uint64_t number = first; number <= last; ++number) std::filesystem::remove(GenerationPath(run_dir, number));
    for (uint64_t number = last + 1; number <= kGenerations; ++number) {
      Metadata record = ReadBack(run_dir, number);
      record.clear_previous_sha256();
      const uint64_t before = number == last + 1 ? first - 1 : number - 1;
      if (before > 0) record.set_previous_sha256(ReadBack(run_dir, before).sha256());
      WriteAll(GenerationPath(run_dir, number), Seal(record));
    }
  };
}

Tamper CutFile(uint64_t number, size_t size) {
  return [=](const std::string& run_dir, const std::string&) {
    std::filesystem::resize_file(GenerationPath(run_dir, number), size);
  };
}

Tamper CopyTo(uint64_t from, uint64_t to) {
  return [=](const std::string& run_dir, const std::string&) {
    WriteAll(GenerationPath(run_dir, to), ReadAll(GenerationPath(run_dir, from)));
  };
}

const std::string& File(uint64_t number) {
  static const auto* const kNames = new std::vector<std::string>{"",
                                                                 "0000000001.binpb",
                                                                 "0000000002.binpb",
                                                                 "0000000003.binpb",
                                                                 "0000000004.binpb",
                                                                 "0000000005.binpb",
                                                                 "0000000006.binpb"};
  return (*kNames)[number];
}

std::vector<Case> Cases() {
  return {
      {"nothing", [](const std::string&, const std::string&) {}, {}, false},
      {"the first edited", Edit(1), {"edited " + File(1)}, false},
      {"one in the middle edited", Edit(3), {"edited " + File(3)}, false},
      {"the newest edited", Edit(5), {"edited " + File(5)}, true},
      {"a file cut", CutFile(3, 100), {"edited " + File(3)}, false},
      {"a file emptied", CutFile(2, 0), {"edited " + File(2)}, false},
      {"the first removed", Remove({1}), {"removed " + File(1)}, false},
      {"one in the middle removed", Remove({3}), {"removed " + File(3)}, false},
      {"two removed", Remove({2, 3}), {"removed " + File(2)}, false},
      {"two apart removed", Remove({2, 4}), {"removed " + File(2), "removed " + File(4)}, false},
      {"one removed after an edited one",
       Both(Edit(2), Remove({3})),
       {"edited " + File(2), "removed " + File(3)},
       false},
      {"one removed before an edited one",
       Both(Edit(3), Remove({2})),
       {"removed " + File(2), "edited " + File(3)},
       false},
      {"one removed between edited ones",
       Both(Both(Edit(2), Edit(4)), Remove({3})),
       {"edited " + File(2), "removed " + File(3), "edited " + File(4)},
       false},
      {"one removed, and all after it written anew", RemoveAndRewrite(3, 3), {"removed " + File(3)}, true},
      {"two removed, and all after them written anew", RemoveAndRewrite(2, 3), {"removed " + File(2)}, true},
      {"the first removed, and all after it written anew", RemoveAndRewrite(1, 1), {"removed " + File(1)}, true},
      {"one removed after one that was set aside by hand",
       Both(Rename(3, ".damaged"), Remove({4})),
       {"set_aside " + File(3) + ".damaged", "removed " + File(4)},
       false},
      {"one set aside by hand, and the next edited",
       Both(Rename(3, ".damaged"), Edit(4)),
       {"set_aside " + File(3) + ".damaged", "edited " + File(4)},
       false},
      {"one renamed to no mark",
       Rename(3, ".damaged-2"),
       {"removed " + File(3), "stray " + File(3) + ".damaged-2"},
       false},
      {"the newest removed", Remove({5}), {}, true},
      {"the tail cut off", Remove({3, 4, 5}), {}, true},
      {"two exchanged", Exchange(2, 3), {"reordered " + File(2), "reordered " + File(3)}, false},
      {"the ends exchanged", Exchange(1, 5), {"reordered " + File(1), "reordered " + File(5)}, true},
      {"an old one repeated", CopyTo(3, 6), {"reordered " + File(6)}, false},
      {"an old one over a newer one", CopyTo(2, 4), {"reordered " + File(4)}, false},
      {"the first rewritten", Rewrite(1, 1), {"rewritten " + File(2)}, false},
      {"one in the middle rewritten", Rewrite(3, 3), {"rewritten " + File(4)}, false},
      {"two in the middle rewritten", Rewrite(2, 3), {"rewritten " + File(4)}, false},
      {"the newest rewritten", Rewrite(5, 5), {}, true},
      {"all after the third rewritten", Rewrite(4, 5), {}, true},
      {"all rewritten", Rewrite(1, 5), {}, true},
      {"another run's first", PutInForeign(1), {"foreign " + File(1)}, false},
      {"another run's in the middle", PutInForeign(3), {"foreign " + File(3)}, false},
      {"another run's newest", PutInForeign(5), {"foreign " + File(5)}, true},
      {"another run's put behind", PutInForeign(6), {"foreign " + File(6)}, false},
  };
}

std::vector<std::string> Found(const RecordReport& report) {
  std::vector<std::string> found;
  for (const Finding& finding : report.findings) {
    EXPECT_EQ(finding.severity == Finding::Severity::kNote, finding.kind == Finding::Kind::kStray);
    EXPECT_NE(finding.message, "");
    found.push_back(absl::StrCat(KindName(finding.kind), " ", finding.file));
  }
  return found;
}

TEST(VerifyCases, EachIsNamedAsWhatItIs) {
  UnsyncedFileSystem fs;
  for (const Case& one : Cases()) {
    SCOPED_TRACE(one.name);
    const std::string run_dir = NewRunDir();
    const std::string other = NewRunDir();
    MakeRecord(run_dir, kGenerations);
    MakeRecord(other, kGenerations + 1);
    const std::string head = ReadBack(run_dir, kGenerations).sha256();
    one.tamper(run_dir, other);

    ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs, run_dir));
    EXPECT_THAT(Found(report), ElementsAreArray(one.findings));
    EXPECT_EQ(report.ok(), one.findings.empty());

    ASSERT_OK_AND_ASSIGN(const RecordReport with_head, VerifyRecord(fs, run_dir, head));
    std::vector<std::string> expected = one.findings;
    // Its file is the folder, which is sorted behind the numbers or before them.
    std::vector<std::string> found = Found(with_head);
    if (one.head_is_gone) expected.push_back(absl::StrCat("head ", run_dir, "/metadata"));
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(expected));
    EXPECT_EQ(with_head.ok(), expected.empty());
    EXPECT_EQ(with_head.given_head_generation.has_value(), !one.head_is_gone);
  }
}

// A number of which neither a file nor a mark is there is named wherever it is.
TEST(VerifyCases, NamesEveryMissingNumber) {
  UnsyncedFileSystem fs;
  for (uint64_t keep = 0; keep < 1 << kGenerations; ++keep) {
    const std::string run_dir = NewRunDir();
    MakeRecord(run_dir, kGenerations);
    std::vector<std::string> expected;
    for (uint64_t number = 1; number <= kGenerations; ++number) {
      const bool above = keep >> number != 0;
      if (keep >> (number - 1) & 1) continue;
      std::filesystem::remove(GenerationPath(run_dir, number));
      // Where several in a row are missing, the first is named, and the last one in the message.
      if (above && (number == 1 || keep >> (number - 2) & 1)) expected.push_back("removed " + File(number));
    }
    if (keep == 0) {
      EXPECT_THAT(VerifyRecord(fs, run_dir), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no record")));
      continue;
    }
    ASSERT_OK_AND_ASSIGN(const RecordReport report, VerifyRecord(fs, run_dir));
    EXPECT_THAT(Found(report), ElementsAreArray(expected)) << keep;
  }
}

}  // namespace
}  // namespace baton
