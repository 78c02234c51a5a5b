#ifndef BATON_PIPELINE_PRUNE_PRUNE_COMMAND_H_
#define BATON_PIPELINE_PRUNE_PRUNE_COMMAND_H_

#include "state/inspect_command.h"

namespace baton {

// `inspect prune`: removes the snapshots of a run that a policy does not keep. It stands here and not beside the other
// commands because what must stay is known to the record alone: which snapshots finished a training, and which one was
// evaluated. State knows only how training goes on.
SnapshotCommand PruneCommand();

}  // namespace baton

#endif  // BATON_PIPELINE_PRUNE_PRUNE_COMMAND_H_
