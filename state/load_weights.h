#ifndef BATON_STATE_LOAD_WEIGHTS_H_
#define BATON_STATE_LOAD_WEIGHTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "optim/flat_tensors.h"
#include "state/snapshot_index.h"

namespace baton {

// A snapshot's weights and buffers for a model of one's own, which need not be the one that was trained: for
// fine-tuning. What inference needs, with the model as it was trained, LoadForInference reads (state/snapshot.h).

enum class Strictness {
  kStrict,    // the same names and shapes on both sides
  kWhatFits,  // those of the same name and shape, at least one
};

// Names, in the order of the side that has them.
struct WeightsReport {
  std::vector<std::string> loaded;
  std::vector<std::string> missing;      // not in the snapshot: left as they were
  std::vector<std::string> unexpected;   // only in the snapshot: left out
  std::vector<std::string> other_shape;  // in both, as in "head.weight [10, 64] (here [3, 64])": left as they were
};

// Fills `parameters`, and `buffers` where the model has any, else null, on whatever device they are, with the weights
// and the buffers of the snapshot in the folder `path`, by name. Reads no tensor of any other kind. Every byte that is
// read was checked: DataLoss names file and tensor. InvalidArgument lists what does not fit; the tensors are as they
// were then, as after any error but one of their device.
absl::StatusOr<WeightsReport> LoadWeights(FileSystem& fs, const std::string& path, WeightsOf which,
                                          Strictness strictness, const FlatTensors& parameters,
                                          const FlatTensors* buffers);

}  // namespace baton

#endif  // BATON_STATE_LOAD_WEIGHTS_H_
