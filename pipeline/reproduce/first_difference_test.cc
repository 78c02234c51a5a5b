#include "pipeline/reproduce/first_difference.h"

#include <cstring>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/safetensors.h"
#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "state/state.pb.h"

namespace baton {
namespace {

class FirstDifferenceTest : public testing::Test {
 protected:
  FirstDifferenceTest() {
    EXPECT_THAT(RemoveTree(fs_, folder_), IsOk());
    EXPECT_THAT(MakeFolders(fs_, folder_ + "/a"), IsOk());
    EXPECT_THAT(MakeFolders(fs_, folder_ + "/b"), IsOk());
  }

  std::string Compare(const std::string& name) {
    const auto difference = FirstDifference(fs_, folder_ + "/a/" + name, folder_ + "/b/" + name);
    EXPECT_THAT(difference, IsOk());
    return difference.ok() ? *difference : "";
  }
  std::string OfBytes(const std::string& name, const std::string& a, const std::string& b) {
    EXPECT_THAT(ReplaceFile(fs_, folder_ + "/a/" + name, a), IsOk());
    EXPECT_THAT(ReplaceFile(fs_, folder_ + "/b/" + name, b), IsOk());
    return Compare(name);
  }
  void Write(const std::string& path, const std::vector<TensorBytes>& tensors) {
    EXPECT_THAT(RemoveTree(fs_, folder_ + path), IsOk());
    EXPECT_THAT(WriteSafetensors(fs_, folder_ + path, tensors, {}, false), IsOk());
  }
  std::string OfTensors(const std::vector<TensorBytes>& a, const std::vector<TensorBytes>& b) {
    Write("/a/x.safetensors", a);
    Write("/b/x.safetensors", b);
    return Compare("x.safetensors");
  }

  FileSystem& fs_ = FileSystem::Posix();
  const std::string folder_ = testing::TempDir() + "/differences";
};

template <typename T>
std::string Bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST_F(FirstDifferenceTest, NamesTensorAndElement) {
  const std::string a = Bytes<float>({0, 1, 2, 3, 4, 5}), b = Bytes<float>({0, 1, 2, 3.25, 4, 6});
  const std::string other = Bytes<int64_t>({7, -8});
  EXPECT_EQ(OfTensors({{"w", DType::kF32, {2, 3}, a}, {"i", DType::kI64, {2}, other}},
                      {{"w", DType::kF32, {2, 3}, b}, {"i", DType::kI64, {2}, other}}),
            "tensor \"w\" [1, 0]: 3, then 3.25 (2 of 6 elements differ)");
  EXPECT_EQ(OfTensors({{"w", DType::kF32, {2, 3}, a}}, {{"w", DType::kF32, {2, 3}, a}}), "");
}

TEST_F(FirstDifferenceTest, ShowsTheLastBit) {
  float one = 1, next = 1;
  uint32_t bits;
  std::memcpy(&bits, &next, 4);
  ++bits;
  std::memcpy(&next, &bits, 4);
  const std::string a = Bytes<float>({one}), b = Bytes<float>({next});
  EXPECT_EQ(OfTensors({{"w", DType::kF32, {1}, a}}, {{"w", DType::kF32, {1}, b}}),
            "tensor \"w\" [0]: 1, then 1.00000012 (1 of 1 elements differ)");
  EXPECT_EQ(OfTensors({{"h", DType::kF16, {}, std::string("\x00\x3c", 2)}},
                      {{"h", DType::kF16, {}, std::string("\x01\x3c", 2)}}),
            "tensor \"h\" []: 0x3c00, then 0x3c01 (1 of 1 elements differ)");
}

TEST_F(FirstDifferenceTest, OfNamesAndShapes) {
  const std::string bytes(8, 0);
  const std::vector<TensorBytes> both = {{"a", DType::kF32, {2}, bytes}, {"b", DType::kF32, {2}, bytes}};
  EXPECT_EQ(OfTensors(both, {both[0]}), "tensor \"b\": there, then not there");
  EXPECT_EQ(OfTensors({both[0]}, both), "tensor \"b\": not there, then there");
  EXPECT_EQ(OfTensors({both[0]}, {{"a", DType::kF32, {1, 2}, bytes}}), "tensor \"a\": F32 [2], then F32 [1, 2]");
}

TEST_F(FirstDifferenceTest, NamesTheFieldOfAnIndex) {
  SnapshotIndex a, b;
  a.mutable_progress()->set_step_index(3);
  a.mutable_progress()->set_loss_sum(0.5);
  b = a;
  b.mutable_progress()->set_loss_sum(0.25);
  const std::string sealed_a = Seal(a), sealed_b = Seal(b);
  EXPECT_EQ(OfBytes("state.binpb", sealed_a, sealed_b), "progress.loss_sum: 0.5, then 0.25");
  b = a;
  b.mutable_progress()->clear_step_index();
  EXPECT_EQ(OfBytes("state.binpb", sealed_a, Seal(b)), "progress.step_index: 3, then not there");
  // Damaged: as bytes.
  std::string damaged = sealed_a;
  damaged[2] ^= 1;
  EXPECT_EQ(OfBytes("state.binpb", sealed_a, damaged).substr(0, 7), "byte 2:");
}

TEST_F(FirstDifferenceTest, NamesTheLineOrTheByte) {
  EXPECT_EQ(OfBytes("report.html", "one\ntwo\nthree\n", "one\ntwo\nthrree\n"), "line 3: \"three\", then \"thrree\"");
  EXPECT_EQ(OfBytes("report.html", "one\n", "one\ntwo\n"), "line 2: \"\", then \"two\"");
  EXPECT_EQ(OfBytes("x.bin", std::string("a\0b", 3), std::string("a\0c", 3)), "byte 2: 0x62, then 0x63");
  EXPECT_EQ(OfBytes("x.bin", std::string("a\0", 2), std::string("a\0\xff", 3)), "byte 2: the end, then 0xff");
  EXPECT_EQ(OfBytes("x.txt", "same", "same"), "");
  EXPECT_EQ(OfBytes("broken.safetensors", "abc", "abd"), "line 1: \"abc\", then \"abd\"");
}

TEST_F(FirstDifferenceTest, AMissingFileIsAnError) {
  EXPECT_THAT(FirstDifference(fs_, folder_ + "/a/none", folder_ + "/b/none"),
              StatusIs(absl::StatusCode::kNotFound, testing::HasSubstr("none")));
}

}  // namespace
}  // namespace baton
