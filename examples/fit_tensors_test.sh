#!/bin/bash
# The example learns its spirals; killed at several moments and run again, it ends with the bits of a run that nobody
# disturbed. The control: with the snapshots of a training that was stopped elsewhere taken away, it begins again.
set -euo pipefail
fit=$PWD/examples/fit_tensors
cd "$TEST_TMPDIR"
fail() {
  echo "$*"
  exit 1
}

said=$("$fit" whole 2>whole.log) || fail "$(cat whole.log)"
echo "$said"
grep -q '^step 2000, ' <<<"$said" || fail "it did not end at step 2000"
accuracy=$(sed -n 's/.*accuracy \([0-9.]*\)$/\1/p' <<<"$said")
awk -v a="$accuracy" 'BEGIN { exit !(a >= 0.95) }' || fail "accuracy $accuracy, expected at least 0.95"

# Killed as soon as the snapshot of each of these steps is there; it goes on from there or from a later one.
for step in 100 500 1300; do
  "$fit" killed >killed.log 2>&1 &
  pid=$!
  until [ -n "$(find killed -maxdepth 1 -name "step-*" 2>/dev/null | awk -F- -v s=$step '$NF + 0 >= s')" ]; do
    kill -0 $pid 2>/dev/null || fail "it ended before step $step was there: $(cat killed.log)"
    sleep 0.01
  done
  kill -9 $pid
  wait $pid 2>/dev/null || true
done
first=$(find killed -maxdepth 1 -name 'step-*' | sort | head -1)
"$fit" killed >killed.log 2>&1 || fail "$(cat killed.log)"
[ ! -e "$first" ] || [ "$first" != killed/step-000000000100 ] || fail "it did not go on from its newest snapshot"
for file in model.safetensors optimizer.safetensors; do
  cmp "whole/step-000000002000/$file" "killed/step-000000002000/$file" || fail "$file has other bits"
done
echo "killed three times, and the bits are the same"
