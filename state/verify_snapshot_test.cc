#include "state/verify_snapshot.h"

#include "base/safetensors.h"
#include "state/snapshot_fixture.h"

namespace baton {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class VerifySnapshotTest : public SnapshotTest {
 protected:
  void SetUp() override {
    SnapshotTest::SetUp();
    Save(TestState(8));
  }
  // "file/tensor: message" of each damage.
  std::vector<std::string> Verify() {
    bytes_ = 0;
    const auto damages = VerifySnapshot(fs_, path_, [this](uint64_t bytes) { bytes_ += bytes; });
    EXPECT_THAT(damages, IsOk());
    std::vector<std::string> lines;
    for (const SnapshotDamage& damage : *damages) {
      EXPECT_EQ(damage.path(), path_);
      lines.push_back(damage.file() + "/" + damage.tensor() + ": " + damage.message());
    }
    return lines;
  }
  void Flip(absl::string_view name, size_t from_end) {
    std::string bytes = ReadFile(fs_, File(name)).value();
    bytes[bytes.size() - from_end] ^= 1;
    Overwrite(File(name), bytes);
  }

  uint64_t bytes_ = 0;
};

TEST_F(VerifySnapshotTest, ReadsEveryByteOfAnIntactOne) {
  EXPECT_THAT(Verify(), ElementsAre());
  uint64_t expected = 0;
  for (const char* name : {"model.safetensors", "average.safetensors", "buffers.safetensors",
                           "average_buffers.safetensors", "criterion.safetensors", "optimizer.safetensors",
                           "vocabulary.json", "tokenizer.json", "pipeline.textproto", "state.binpb"}) {
    expected += FileSize(fs_, File(name)).value();
  }
  EXPECT_EQ(bytes_, expected);
}

TEST_F(VerifySnapshotTest, NamesEveryDamage) {
  Flip("model.safetensors", 1);       // of the last tensor: layers.0.weight, for names ascend
  Flip("optimizer.safetensors", 1);   // of exp_avg_sq/layers.0.weight
  Flip("optimizer.safetensors", 40);  // of exp_avg/layers.0.weight: the other slot's 8 + 24 bytes lie behind it
  Flip("criterion.safetensors", 9);   // of the header, which ends with spaces or "}"
  std::ofstream(File("vocabulary.json"), std::ios::app) << ' ';
  ASSERT_THAT(RemoveTree(fs_, File("tokenizer.json")), IsOk());
  Flip("pipeline.textproto", 3);
  EXPECT_THAT(Verify(), testing::UnorderedElementsAre(
                            "model.safetensors/layers.0.weight: its bytes do not match their digest",
                            "optimizer.safetensors/exp_avg_sq/layers.0.weight: its bytes do not match their digest",
                            "optimizer.safetensors/exp_avg/layers.0.weight: its bytes do not match their digest",
                            testing::StartsWith("criterion.safetensors/: "),
                            "vocabulary.json/: has 15 bytes, expected 14", testing::StartsWith("tokenizer.json/: "),
                            "pipeline.textproto/: its bytes do not match their digest"));
}

TEST_F(VerifySnapshotTest, FindsEveryFlippedByte) {
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, ListFolder(fs_, path_));
  for (const std::string& name : names) {
    const std::string bytes = ReadFile(fs_, File(name)).value();
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::string flipped = bytes;
      flipped[i] ^= 0x10;
      Overwrite(File(name), flipped);
      EXPECT_FALSE(Verify().empty()) << name << ", byte " << i;
    }
    Overwrite(File(name), bytes);
  }
  EXPECT_THAT(Verify(), ElementsAre());
}

TEST_F(VerifySnapshotTest, TensorsOfAnotherSnapshotAreFound) {
  // A whole, well-formed file with other names.
  ASSERT_THAT(RemoveTree(fs_, File("criterion.safetensors")), IsOk());
  ASSERT_THAT(WriteSafetensors(fs_, File("criterion.safetensors"),
                               {{"class_weight", DType::kF32, {1}, absl::string_view("\0\0\0\0", 4)}}, {}, false),
              IsOk());
  EXPECT_THAT(Verify(), ElementsAre(testing::StartsWith("criterion.safetensors/: has "),
                                    "criterion.safetensors/class_weight: is not listed in state.binpb",
                                    "criterion.safetensors/class_weights: is missing"));
}

TEST_F(VerifySnapshotTest, ADamagedIndexIsOneDamage) {
  Flip("state.binpb", 100);
  EXPECT_THAT(Verify(), ElementsAre(testing::StartsWith("state.binpb/: ")));
  ASSERT_THAT(RemoveTree(fs_, File("state.binpb")), IsOk());
  EXPECT_THAT(Verify(), ElementsAre(HasSubstr("state.binpb")));
}

// A disk that does not answer.
class FailingReads : public Unsynced {
 public:
  int64_t ReadAt(int, void*, size_t, int64_t) override { return -EIO; }
};

TEST_F(VerifySnapshotTest, AnErrorOfTheMachineIsNoDamage) {
  FailingReads fs;
  EXPECT_THAT(VerifySnapshot(fs, path_, [](uint64_t) {}), StatusIs(absl::StatusCode::kUnknown, testing::_));
}

}  // namespace
}  // namespace baton
