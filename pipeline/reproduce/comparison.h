#ifndef BATON_PIPELINE_REPRODUCE_COMPARISON_H_
#define BATON_PIPELINE_REPRODUCE_COMPARISON_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_system.h"
#include "metadata/metadata.pb.h"
#include "pipeline/config/run_directory.h"

namespace baton {

// A file that the record names, beside the one that the replay made.
struct Product {
  enum class Result {
    kEqual,
    // state.binpb, which says where it was written: put in what the record says of that, and it has the recorded
    // digest.
    kEqualButForEnvironment,
    kDiffers,
    // The stage before it came out otherwise, or it is not among what the replay made.
    kNotReplayed,
  };
  // The run's own file, beside the record.
  enum class Original { kIntact, kAltered, kAbsent };

  std::string stage;
  std::string path;  // relative to the run directory
  std::string recorded_sha256;
  std::string replayed_sha256;  // empty if it was not replayed
  Result result = Result::kNotReplayed;
  Original original = Original::kAbsent;
  // Where the replay first differs from the run's own file, or why that cannot be told; empty where all is equal.
  std::string difference;

  // The replay has what the record says.
  bool reproduced() const;
  // And the run's own file, if it is there, is that as well.
  bool fine() const;
};

// A thing on which bits may depend that was otherwise in some attempt of the run than in the replay.
struct EnvironmentDeviation {
  std::string stage;
  std::string name;
  std::vector<std::string> recorded;  // distinct values of the run's attempts, oldest first; "" for not known
  std::string now;
};

// Compares the files of a stage, all read from disk: `recorded` are the record's, `replayed` those of the replay's
// record, which may not name others. `attempts` are the run's at this stage.
absl::StatusOr<std::vector<Product>> CompareProducts(FileSystem& fs, absl::string_view stage, const StageRun& run_stage,
                                                     const google::protobuf::RepeatedPtrField<Artifact>& recorded,
                                                     const google::protobuf::RepeatedPtrField<Artifact>& replayed,
                                                     const RunDirectory& run, const RunDirectory& replay);

// What a replay that did not come to the stage has to say of its files.
std::vector<Product> NotReplayed(absl::string_view stage, const google::protobuf::RepeatedPtrField<Artifact>& recorded);

// Device, CPU model and instructions, GPU, threads a worker, versions and digest of program and libraries: of all of
// the run's attempts at a stage, and of the replay's last one.
std::vector<EnvironmentDeviation> CompareEnvironments(absl::string_view stage, const StageRun& recorded,
                                                      const StageRun& replayed);

}  // namespace baton

#endif  // BATON_PIPELINE_REPRODUCE_COMPARISON_H_
