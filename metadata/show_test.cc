#include "metadata/show.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace baton {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Metadata Parse(const std::string& text) {
  Metadata record;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &record));
  return record;
}

TEST(ShowRecord, AnEmptyRecord) {
  EXPECT_EQ(ShowRecord(Metadata()),
            "run\n\n"
            "load  not begun\n\n"
            "train  not begun\n\n"
            "evaluate  not begun\n\n"
            "record  generation 0\n");
}

TEST(ShowRecord, AWholeRun) {
  const Metadata record = Parse(R"(
    run {
      run_id: "00ff" name: "iris"
      start_time { seconds: 1767323045 } end_time { seconds: 1767323105 }
      time_taken: 58.5 memory_usage: 104857600
      amendments {
        stage: "train" field: "train.clip_norm" old_value: "1" to_key: "k0" step_index: 2 time { seconds: 1767323044 }
      }
      amendments {
        stage: "train" field: "train.batch_size" old_value: "32" new_value: "64" time { seconds: 1767323045 }
        from_key: "k1" to_key: "k2" step_index: 40
      }
    }
    load {
      stage {
        key: "c1cd299e72dd8135" status: COMPLETE
        attempts {
          attempt_id: "a1" start_time { seconds: 1767323045 } end_time { seconds: 1767323046 } wall_seconds: 0.5
          cpu_seconds: 0.25 peak_memory_bytes: 1048576 host: "node1" device: "cpu" workers: 1
        }
      }
      raw_file_size: 4551 raw_file_format: "csv" raw_filepath: "/data/iris.csv" raw_file_sha256: "ab"
      raw_dvc_metadata { md5: "cd" path: "iris.csv" }
      dataset_version: "sha256:d1"
      outputs { path: "a" size_bytes: 1000 } outputs { path: "b" size_bytes: 1000 }
      schema { name: "petal" role: "feature" kind: "number" } schema { name: "sepal" role: "feature" kind: "number" }
      schema { name: "species" role: "target" kind: "label" } schema { name: "id" role: "ignored" }
      rows: 150
      class_labels: "setosa" class_labels: "virginica"
      splits { name: "train" rows: 105 class_counts: 52 class_counts: 53 }
      splits { name: "holdout" rows: 45 class_counts: 23 class_counts: 22 }
    }
    train {
      stage {
        key: "k2" status: RUNNING
        key_inputs { name: "load.dataset" value: "d0" }
        attempts { attempt_id: "t1" start_time { seconds: 1767323050 } host: "node1" device: "cuda" workers: 2 }
        attempts { attempt_id: "t2" start_time { seconds: 1767323060 } host: "node2" device: "cuda" workers: 12 }
      }
      parameter_count: 1234567
      initial_weights {
        path: "/runs/a" file: "/runs/a/train/k/step-7/average.safetensors" sha256: "77" step_index: 7 run_id: "0a"
        tensors_loaded: 3 tensors_drawn: 1
      }
      history {
        epoch_index: 0 step_index: 40 train_loss: 0.5 validation_loss: 0.25 learning_rate: 0.01
        validation_metrics { key: "accuracy" value: 0.9 }
      }
      best_snapshot { path: "train/k2/step-000000000040" step_index: 40 validation_loss: 0.25 }
    }
    evaluate {
      stage { status: FAILED error: "disk full" }
      holdout_performance { key: "log_loss" value: 0.1 } holdout_performance { key: "accuracy" value: 0.9777777 }
      baseline_performance { key: "accuracy" value: 0.3333333 }
      holdout_intervals { key: "accuracy" value { lower: 0.9 upper: 1 } }
      rows: 45
    }
    generation: 12 committed_at { seconds: 1767323105 } committed_by: "evaluate" sha256: "ee"
  )");
  EXPECT_EQ(ShowRecord(record),
            R"(run  iris
  id                                00ff
  started                           2026-01-02 03:04:05 UTC
  ended                             2026-01-02 03:05:05 UTC
  time taken                        58.5 s
  peak memory                       100.0 MiB
  amendment of an earlier training  train went on with train.clip_norm 1 -> (the default) from step 2 on, 2026-01-02 03:04:04 UTC
  amendment                         train went on with train.batch_size 32 -> 64 from step 40 on, 2026-01-02 03:04:05 UTC

load  COMPLETE
  key              c1cd299e72dd8135
  raw file         /data/iris.csv, csv, 4.4 KiB
  raw file sha256  ab
  DVC              iris.csv, md5 cd
  dataset version  sha256:d1
  outputs          2 files, 2.0 KiB
  columns          target species (label), 2 features, 1 ignored
  rows             150
  split    rows  setosa  virginica
  train     105      52         53
  holdout    45      23         22
  attempt  started                  end       host   device  workers    time     cpu   memory
  a1       2026-01-02 03:04:05 UTC  COMPLETE  node1  cpu           1  0.50 s  0.25 s  1.0 MiB

train  RUNNING  STALE: made from dataset d0, load's is now d1
  key                     k2
  parameters              1,234,567
  initial weights         3 of 4 tensors, step 7, run 0a, /runs/a/train/k/step-7/average.safetensors
  initial weights sha256  77
  best snapshot           step 40, validation loss 0.25, train/k2/step-000000000040
  history                 1 measurement
  epoch  step  train loss  validation loss  accuracy  learning rate
      0    40         0.5             0.25       0.9           0.01
  attempt  started                  end                 host   device  workers  time  cpu  memory
  t1       2026-01-02 03:04:10 UTC  killed              node1  cuda          2
  t2       2026-01-02 03:04:20 UTC  running, or killed  node2  cuda         12

evaluate  FAILED
  error         disk full
  holdout rows  45
  holdout metric     model  baseline  interval
  accuracy        0.977778  0.333333  0.9 to 1
  log_loss             0.1

record  generation 12
  committed  2026-01-02 03:05:05 UTC, by evaluate
  sha256     ee
)");
}

TEST(ShowRecord, LeavesOutWhatSaysNothing) {
  Metadata record = Parse(R"(
    run { run_id: "00ff" }
    train { run_id: "00ff" }
    evaluate {
      holdout_performance { key: "accuracy" value: 0.5 }
      baseline_performance { key: "accuracy" value: 0.25 }
    })");
  EXPECT_THAT(ShowRecord(record),
              AllOf(Not(HasSubstr("tracker run")), HasSubstr("  holdout metric  model  baseline\n"
                                                             "  accuracy          0.5      0.25\n")));
  record.mutable_train()->set_run_id("tracker's own");
  EXPECT_THAT(ShowRecord(record), HasSubstr("tracker run  tracker's own\n"));
}

TEST(ShowRecord, ALongHistoryShowsItsEnd) {
  Metadata record;
  for (int i = 0; i < 25; ++i) record.mutable_train()->add_history()->set_epoch_index(i);
  const std::string text = ShowRecord(record);
  EXPECT_THAT(text, HasSubstr("the last 10 of 25 measurements"));
  EXPECT_THAT(text, HasSubstr("\n     15 "));
  EXPECT_THAT(text, HasSubstr("\n     24 "));
  EXPECT_THAT(text, Not(HasSubstr("\n     14 ")));
}

}  // namespace
}  // namespace baton
