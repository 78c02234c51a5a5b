#!/bin/bash
# The three stages one after another, as the script of a batch job runs them; `//pipeline/run` does the same as one
# program. Every stage skips itself where it is complete and goes on where it was interrupted, so that the job is simply
# submitted again.
#
#   bazel build //pipeline/...
#   orchestration/chain.sh --config=configs/iris.textproto --run_dir=runs/iris [path=value ...]
#
# Under Slurm: sbatch --requeue --signal=B:TERM@120 orchestration/chain.sh --config=... --run_dir=...
#
# The exit status is that of the stage that ended the chain: 0 when all are complete; 75 when it was interrupted and
# should be submitted again, which a Slurm job does by itself. $BATON_BIN is where the stages' folders are.
set -uo pipefail
binaries=${BATON_BIN:-bazel-bin/pipeline}
signals=
child=

# Bash would not act on a signal before the stage ends, and the stage would not hear of it.
forward() {
  signals+=x
  if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi
}
trap forward TERM INT

for stage in load train evaluate; do
  status=75
  if [ -z "$signals" ]; then
    "$binaries/$stage/$stage" "$@" &
    child=$!
    # A signal ends `wait` before the stage ends: wait again.
    while before=$signals; wait "$child"; status=$?; [ "$signals" != "$before" ]; do :; done
    child=
  fi
  case $status in
    0) ;;
    75)
      echo "chain: $stage was interrupted; submit the job again to go on" >&2
      if [ -n "${SLURM_JOB_ID:-}" ]; then scontrol requeue "$SLURM_JOB_ID"; fi
      exit 75
      ;;
    *)
      echo "chain: $stage ended with status $status" >&2
      exit "$status"
      ;;
  esac
done
