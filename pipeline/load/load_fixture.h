#ifndef BATON_PIPELINE_LOAD_LOAD_FIXTURE_H_
#define BATON_PIPELINE_LOAD_LOAD_FIXTURE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/testing/faulty_file_system.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "metadata/store.h"
#include "pipeline/config/run_directory.h"
#include "pipeline/load/load_stage.h"

namespace baton {

// For tests: a folder with a raw file and a configuration, and the load stage on them.

inline constexpr char kPointsConfig[] = R"(
name: "points"
seed: 5
load {
  raw_filepath: "points.csv"
  table {
    target_column: "kind"
    task: CLASSIFICATION
    ignored_columns: "id"
  }
  split { validation_fraction: 0.25 holdout_fraction: 0.25 }
}
train { model { logistic {} } criterion { cross_entropy {} } optimizer { learning_rate: 0.1 sgd {} } }
)";

// A table of 40 rows: 24 of "far", 16 of "near".
inline std::string Points() {
  std::string bytes = "id,x,y,kind\n";
  for (int i = 0; i < 40; ++i)
    absl::StrAppend(&bytes, "p", i, ",", i, ".5,", i * i, ",", i % 5 < 2 ? "near" : "far", "\n");
  return bytes;
}

class LoadFixture : public testing::Test {
 protected:
  LoadFixture()
      : folder_(JoinPath(testing::TempDir(), testing::UnitTest::GetInstance()->current_test_info()->name())),
        run_(JoinPath(folder_, "run")) {
    Clear();
  }

  void Clear() {
    EXPECT_THAT(RemoveTree(fs_, folder_), IsOk());
    EXPECT_THAT(MakeFolders(fs_, folder_), IsOk());
    Put("config.textproto", kPointsConfig);
    Put("points.csv", Points());
  }
  void Put(const std::string& name, absl::string_view contents) {
    EXPECT_THAT(ReplaceFile(fs_, JoinPath(folder_, name), contents), IsOk());
  }
  std::string Raw() const { return JoinPath(folder_, "points.csv"); }

  absl::Status Load(const std::vector<std::string>& overrides = {}, FileSystem* fs = nullptr) {
    StageOptions options;
    options.fs = fs != nullptr ? fs : &fs_;
    options.run_dir = run_.path();
    options.config_path = JoinPath(folder_, "config.textproto");
    options.overrides = overrides;
    options.working_folder = folder_;
    return RunLoad(options);
  }

  Metadata Record() {
    const auto store = MetadataStore::Open(fs_, run_.path(), "");
    EXPECT_THAT(store, IsOk());
    return *(*store)->Read();
  }
  std::string OutputFolder() { return run_.OutputFolder(kLoadStage, Record().load().stage().key()); }
  // Folders of keys, and what else lies beside them.
  std::vector<std::string> Keys() {
    const auto names = ListFolder(fs_, run_.StageFolder(kLoadStage));
    return names.ok() ? *names : std::vector<std::string>();
  }

  Unsynced fs_;
  const std::string folder_;
  const RunDirectory run_;
};

}  // namespace baton

#endif  // BATON_PIPELINE_LOAD_LOAD_FIXTURE_H_
