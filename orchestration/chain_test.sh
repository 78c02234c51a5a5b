#!/bin/bash
# chain.sh with stages that only write down that they ran, and end as the test wants.
set -uo pipefail
chain=$PWD/orchestration/chain.sh
cd "$TEST_TMPDIR"
export BATON_BIN=$PWD/bin PATH=$PWD/path:$PATH
unset SLURM_JOB_ID
mkdir -p path
printf '#!/bin/bash\necho "$@" >>requeued\n' >path/scontrol
for stage in load train evaluate; do
  mkdir -p "bin/$stage"
  printf '#!/bin/bash\necho "%s $*" >>ran\n. ./behave_%s\n' "$stage" "$stage" >"bin/$stage/$stage"
done
chmod +x path/scontrol bin/*/*

# Runs the chain: `train` behaves as the first argument says. Sets `status` and `ran`.
run_chain() {
  rm -f ran requeued
  echo true >behave_load
  echo "$1" >behave_train
  echo true >behave_evaluate
  "$chain" --run_dir=here seed=2 &
  pid=$!
  if [ -n "${2:-}" ]; then
    until [ -e train_is_ready ]; do sleep 0.01; done
    rm train_is_ready
    kill -TERM "$pid"
  fi
  wait "$pid"
  status=$?
  ran=$(tr '\n' ';' <ran)
}
expect() {
  if [ "$1" != "$2" ]; then
    echo "line ${BASH_LINENO[0]}: found '$1', expected '$2'"
    exit 1
  fi
}

run_chain true
expect "$status" 0
expect "$ran" "load --run_dir=here seed=2;train --run_dir=here seed=2;evaluate --run_dir=here seed=2;"

run_chain "exit 65"
expect "$status" 65
expect "$ran" "load --run_dir=here seed=2;train --run_dir=here seed=2;"

run_chain "exit 75"
expect "$status" 75
expect "$(cat requeued 2>/dev/null)" ""

SLURM_JOB_ID=17 run_chain "exit 75"
expect "$status" 75
expect "$(cat requeued)" "requeue 17"

# A signal to the chain reaches the stage, whose own exit status counts, also when it takes its time.
run_chain 'trap "sleep 0.2; exit 75" TERM; touch train_is_ready; while :; do sleep 0.01; done' signal
expect "$status" 75
expect "$ran" "load --run_dir=here seed=2;train --run_dir=here seed=2;"

# A stage that completes in spite of the signal: the next one is not started.
run_chain 'trap "exit 0" TERM; touch train_is_ready; while :; do sleep 0.01; done' signal
expect "$status" 75
expect "$ran" "load --run_dir=here seed=2;train --run_dir=here seed=2;"
echo "all is as expected"
