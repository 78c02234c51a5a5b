#include "state/inspect.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "state/find_snapshot.h"
#include "state/inspect.pb.h"
#include "state/inspect_fixture.h"

namespace baton {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::StartsWith;

class InspectTest : public InspectSnapshotsTest {
 protected:
  template <typename Message>
  Message FromJson() {
    Message message;
    const auto status = google::protobuf::util::JsonStringToMessage(answer_.text, &message);
    EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << answer_.text;
    return message;
  }
};

TEST_F(InspectTest, ShowsTextWithRelativePaths) {
  const std::string path = Save("aaaa", TestState(8));
  ASSERT_THAT(Inspect({"show", "train/aaaa"}), IsOk());
  const std::string text = answer_.text;
  EXPECT_EQ(text, path + " (verified)\n" + PrettyPrint(TestState(8)));
  ASSERT_THAT(Inspect({"show", "."}), IsOk());
  EXPECT_EQ(answer_.text, text);
}

TEST_F(InspectTest, ShowsJson) {
  const std::string path = Save("aaaa", TestState(8));
  ASSERT_THAT(Inspect({"show", path}, {.format = "json"}), IsOk());
  EXPECT_THAT(answer_.text, HasSubstr("\"train_batch_index\": \"2\""));
  const auto shown = FromJson<SnapshotDescription>();
  ASSERT_OK_AND_ASSIGN(const SnapshotIndex index, ReadSnapshotIndex(fs_, path));
  EXPECT_EQ(shown.path(), path);
  EXPECT_EQ(shown.size_bytes(), FolderSize(fs_, path).value());
  EXPECT_EQ(shown.progress().SerializeAsString(), index.progress().SerializeAsString());
  EXPECT_EQ(shown.environment().SerializeAsString(), index.environment().SerializeAsString());
  EXPECT_EQ(shown.files_size(), index.files_size());
  ASSERT_EQ(shown.tensors_size(), 11);
  ASSERT_EQ(shown.history_size(), 1);
  EXPECT_EQ(shown.history(0).validation_loss(), 0.5);
  const TensorDescription& first = shown.tensors(0);  // 8, 16, ..., 48
  EXPECT_EQ(first.group(), "model");
  EXPECT_EQ(first.name(), "layers.0.weight");
  EXPECT_EQ(first.dtype(), "F32");
  EXPECT_EQ(first.shape(0), 2);
  EXPECT_EQ(first.mean(), 28);
  EXPECT_EQ(first.minimum(), 8);
  EXPECT_EQ(first.maximum(), 48);
  EXPECT_EQ(first.nan_count(), 0);
  EXPECT_EQ(first.xxh3().size(), 32);
  EXPECT_EQ(shown.tensors(9).group(), "optimizer/exp_avg_sq");
  EXPECT_EQ(shown.tensors(9).name(), "layers.0.weight");
}

TEST_F(InspectTest, ShowsWhatIsNotFinite) {
  State state = TestState(8);
  state.weights().views()[0].select(0, 0).fill_(NAN);
  state.weights().views()[1].fill_(INFINITY);
  Save("aaaa", state);
  ASSERT_THAT(Inspect({"show", "."}), IsOk());
  EXPECT_THAT(answer_.text, HasSubstr("  3 NaN\n"));
  EXPECT_THAT(answer_.text, HasSubstr("  2 infinite\n"));
  ASSERT_THAT(Inspect({"show", "."}, {.format = "json"}), IsOk());
  const auto shown = FromJson<SnapshotDescription>();
  EXPECT_EQ(shown.tensors(3).nan_count(), 3);
  EXPECT_EQ(shown.tensors(3).mean(), 34) << "of 33, 34, 35";
  EXPECT_EQ(shown.tensors(4).infinite_count(), 2);
  EXPECT_FALSE(shown.tensors(4).has_mean());
}

TEST_F(InspectTest, DamageIsReportedAndNothingIsChanged) {
  const std::string path = Save("aaaa", TestState(8));
  Damage(JoinPath(path, "vocabulary.json"));
  for (const char* format : {"text", "json"}) {
    EXPECT_THAT(Inspect({"show", "."}, {.format = format}), StatusIs(StatusCode::kDataLoss, HasSubstr("vocabulary")));
    EXPECT_THAT(Inspect({"diff", ".", "."}, {.format = format}), StatusIs(StatusCode::kDataLoss, testing::_));
    EXPECT_EQ(answer_.text, "");
  }
  EXPECT_THAT(ListFolder(fs_, JoinPath(run_dir_, "train/aaaa")).value(), testing::ElementsAre("step-000000000008"));
}

TEST_F(InspectTest, DiffOfTheSameIsZero) {
  Save("aaaa", TestState(8));
  State elsewhere = TestState(8);
  elsewhere.environment.set_cpu_model("another CPU");
  Save("bbbb", elsewhere);
  ASSERT_THAT(Inspect({"diff", "train/aaaa", "train/bbbb"}), IsOk());
  EXPECT_EQ(answer_.exit_code, 0);
  EXPECT_THAT(answer_.text, testing::EndsWith("another CPU\"\nidentical\n"));
}

TEST_F(InspectTest, DiffIsOne) {
  const std::string a = Save("aaaa", TestState(8));
  State other = TestState(9);
  EditMeasurement(other, 0, [](Measurement& m) { (*m.mutable_validation_metrics())["accuracy"] = 0.5; });
  other.attachments["dataset.binpb"] = "new";
  const std::string b = Save("aaaa", other);
  ASSERT_THAT(Inspect({"diff", a, b}), IsOk());
  EXPECT_EQ(answer_.exit_code, 1);
  EXPECT_EQ(answer_.text, absl::StrCat("a  ", a, "\nb  ", b, R"(
tensors with other values:
  group  name             differ  elements    largest       mean  not finite
  model  layers.0.weight       6         6  6.000e+00  3.500e+00           0
counters and history:
  field                                      a      b
  step_index                                 8      9
  best.step_index                            8      9
  history[0].validation_metrics["accuracy"]  0.875  0.5
files with other bytes:
  name                a    b
  dataset.binpb  absent  3 B
different
)"));
  ASSERT_THAT(Inspect({"diff", a, b}, {.format = "json"}), IsOk());
  EXPECT_EQ(answer_.exit_code, 1);
  const auto difference = FromJson<SnapshotDifference>();
  EXPECT_FALSE(difference.identical());
  EXPECT_EQ(difference.b(), b);
  EXPECT_EQ(difference.tensors(0).mean_difference(), 3.5);
}

TEST_F(InspectTest, DiffTellsTensorsOfOneOnly) {
  const std::string a = Save("aaaa", TestState(8));
  State other = TestState(8);
  RemoveGroup(other, kAverageGroup);
  const std::string b = Save("bbbb", other);
  ASSERT_THAT(Inspect({"diff", a, b}), IsOk());
  EXPECT_EQ(answer_.exit_code, 1);
  EXPECT_THAT(answer_.text, testing::ContainsRegex("average +layers.0.bias +F32 \\[2\\] +absent\n"));
}

TEST_F(InspectTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Inspect({}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("list, show, diff, verify")));
  EXPECT_THAT(Inspect({"show"}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("expected: inspect show PATH")));
  EXPECT_THAT(Inspect({"diff", "."}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("inspect diff PATH PATH")));
  EXPECT_THAT(Inspect({"lsit", "."}), StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"lsit\"")));
  EXPECT_THAT(Inspect({"show", "."}, {.format = "yaml"}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"yaml\"")));
  EXPECT_THAT(Inspect({"show", "."}, {.fast = true}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("--fast is no flag of \"inspect show\"")));
  EXPECT_THAT(Inspect({"verify", "."}, {.keep_last = 1}), StatusIs(StatusCode::kInvalidArgument, testing::_));
  for (const char* command : {"show", "list", "verify"}) {
    EXPECT_THAT(Inspect({command, "none"}), StatusIs(StatusCode::kNotFound, testing::_));
  }
  EXPECT_EQ(answer_.text, "");
}

TEST_F(InspectTest, HelpNamesEveryCommand) {
  const std::string help = InspectSnapshotsHelp(ReadingCommands());
  EXPECT_THAT(help, StartsWith("Looks at the snapshots"));
  for (const SnapshotCommand& command : ReadingCommands()) {
    EXPECT_THAT(help, HasSubstr(absl::StrCat("\n  inspect ", command.name, " ", command.usage, "\n      ")));
  }
}

}  // namespace
}  // namespace baton
