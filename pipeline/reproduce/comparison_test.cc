#include "pipeline/reproduce/comparison.h"

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/seal.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "state/state.pb.h"

namespace baton {
namespace {

using Original = Product::Original;
using Result = Product::Result;
using testing::HasSubstr;
using testing::IsEmpty;

class ComparisonTest : public testing::Test {
 protected:
  ComparisonTest() {
    EXPECT_THAT(RemoveTree(fs_, folder_), IsOk());
    for (const char* run : {"/run", "/replay"}) EXPECT_THAT(MakeFolders(fs_, folder_ + run + "/k"), IsOk());
  }

  // Compares the one product k/NAME; an empty text is a file that is not there.
  Product Compare(const std::string& name, const std::string& recorded, const std::string& original,
                  const std::string& replayed) {
    Write("/run/k/" + name, original);
    Write("/replay/k/" + name, replayed);
    Artifact artifact;
    artifact.set_path("k/" + name);
    artifact.set_sha256(Sha256Hex(recorded));
    google::protobuf::RepeatedPtrField<Artifact> artifacts;
    *artifacts.Add() = artifact;
    const auto products = CompareProducts(fs_, "train", stage_, artifacts, artifacts, RunDirectory(folder_ + "/run"),
                                          RunDirectory(folder_ + "/replay"));
    EXPECT_THAT(products, IsOk());
    return products.ok() && products->size() == 1 ? products->at(0) : Product();
  }

  void Write(const std::string& path, const std::string& text) {
    EXPECT_THAT(text.empty() ? RemoveTree(fs_, folder_ + path) : ReplaceFile(fs_, folder_ + path, text), IsOk());
  }

  FileSystem& fs_ = FileSystem::Posix();
  const std::string folder_ = testing::TempDir() + "/comparison";
  StageRun stage_;
};

TEST_F(ComparisonTest, Equal) {
  Product product = Compare("x", "text", "text", "text");
  EXPECT_EQ(product.result, Result::kEqual);
  EXPECT_EQ(product.original, Original::kIntact);
  EXPECT_EQ(product.replayed_sha256, Sha256Hex("text"));
  EXPECT_TRUE(product.fine());
  product = Compare("x", "text", "", "text");
  EXPECT_EQ(product.original, Original::kAbsent);
  EXPECT_TRUE(product.fine());
}

TEST_F(ComparisonTest, TheReplayDiffers) {
  Product product = Compare("x", "text", "text", "test");
  EXPECT_EQ(product.result, Result::kDiffers);
  EXPECT_FALSE(product.fine());
  EXPECT_EQ(product.difference, "line 1: \"text\", then \"test\"");
  EXPECT_THAT(Compare("x", "text", "", "test").difference, HasSubstr("cannot be told where"));
  product = Compare("x", "text", "text", "");
  EXPECT_EQ(product.result, Result::kNotReplayed);
  EXPECT_FALSE(product.fine());
  EXPECT_THAT(product.difference, HasSubstr("no such file"));
}

TEST_F(ComparisonTest, TheRunsOwnFileWasAltered) {
  const Product product = Compare("x", "text", "taxt", "text");
  EXPECT_EQ(product.result, Result::kEqual);
  EXPECT_EQ(product.original, Original::kAltered);
  EXPECT_TRUE(product.reproduced());
  EXPECT_FALSE(product.fine());
  EXPECT_THAT(product.difference, HasSubstr("line 1: \"taxt\", then \"text\"; the run's own file is not the recorded"));
}

TEST_F(ComparisonTest, TheRecordSaysOtherwise) {
  const Product product = Compare("x", "other", "text", "text");
  EXPECT_EQ(product.result, Result::kDiffers);
  EXPECT_THAT(product.difference, HasSubstr("it is the record that says otherwise"));
}

TEST_F(ComparisonTest, WhereASnapshotWasWrittenIsNoDifference) {
  Attempt& attempt = *stage_.add_attempts();
  attempt.set_device("cpu");
  attempt.set_cpu_model("old");
  attempt.set_cpu_capability("AVX2");
  attempt.set_program_version("0.1");
  (*attempt.mutable_libraries())["libtorch"] = "2.13.0";
  SnapshotIndex before;
  before.mutable_progress()->set_step_index(3);
  Environment& environment = *before.mutable_environment();
  environment.set_device("cpu");
  environment.set_cpu_model("old");
  environment.set_cpu_capability("AVX2");
  environment.set_libtorch_version("2.13.0");
  environment.set_program_version("0.1");
  SnapshotIndex now = before;
  now.mutable_environment()->set_cpu_model("new");
  const std::string recorded = Seal(before);
  // Whether or not the run's own file is there.
  EXPECT_EQ(Compare("state.binpb", recorded, recorded, Seal(now)).result, Result::kEqualButForEnvironment);
  EXPECT_TRUE(Compare("state.binpb", recorded, "", Seal(now)).fine());
  // Another step is one.
  now.mutable_progress()->set_step_index(4);
  const Product product = Compare("state.binpb", recorded, recorded, Seal(now));
  EXPECT_EQ(product.result, Result::kDiffers);
  EXPECT_THAT(product.difference, HasSubstr("progress.step_index: 3, then 4"));
}

TEST_F(ComparisonTest, WhatTheRecordDoesNotName) {
  google::protobuf::RepeatedPtrField<Artifact> replayed;
  replayed.Add()->set_path("k/more");
  ASSERT_OK_AND_ASSIGN(const std::vector<Product> products,
                       CompareProducts(fs_, "load", stage_, {}, replayed, RunDirectory(folder_ + "/run"),
                                       RunDirectory(folder_ + "/replay")));
  ASSERT_EQ(products.size(), 1);
  EXPECT_FALSE(products[0].fine());
  EXPECT_THAT(products[0].difference, HasSubstr("the record does not name it"));
}

TEST(CompareEnvironments, NamesWhatDeviatesFromAnyAttempt) {
  StageRun recorded, replayed;
  for (const char* model : {"A", "B", "A"}) {
    Attempt& attempt = *recorded.add_attempts();
    attempt.set_cpu_model(model);
    attempt.set_device("cpu");
    attempt.set_program_sha256("p1");
    attempt.set_host("there");
    attempt.set_workers(4);
    (*attempt.mutable_libraries())["libtorch"] = "2.12.0";
  }
  Attempt& now = *replayed.add_attempts();
  now.set_cpu_model("B");
  now.set_device("cpu");
  now.set_program_sha256("p2");
  now.set_host("here");
  now.set_cpu_capability("AVX2");
  const std::vector<EnvironmentDeviation> deviations = CompareEnvironments("train", recorded, replayed);
  ASSERT_EQ(deviations.size(), 4);
  EXPECT_EQ(deviations[0].name, "cpu_capability");
  EXPECT_EQ(deviations[0].recorded, std::vector<std::string>{""});
  EXPECT_EQ(deviations[1].name, "cpu_model");
  EXPECT_EQ(deviations[1].recorded, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(deviations[1].now, "B");
  EXPECT_EQ(deviations[2].name, "libraries.libtorch");
  EXPECT_EQ(deviations[2].now, "");
  EXPECT_EQ(deviations[3].name, "program_sha256");
  EXPECT_THAT(CompareEnvironments("train", recorded, StageRun()), IsEmpty());
}

}  // namespace
}  // namespace baton
