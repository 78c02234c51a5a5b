#!/bin/bash
# The example learns its spirals; killed at several moments and run again, it goes on from its snapshots and ends with
# the bits of a run that nobody disturbed. The control: another seed has other bits, and does not go on from them.
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
newest=$(find killed -maxdepth 1 -name 'step-*' | sort | tail -1)
"$fit" killed >killed.log 2>&1 || fail "$(cat killed.log)"
grep -q "^goes on from step $((10#${newest##*-}))$" killed.log || fail "it did not go on from $newest: $(cat killed.log)"
! grep -q "goes on" <<<"$said" || fail "a first run says that it goes on: $said"
for file in model.safetensors optimizer.safetensors; do
  cmp "whole/step-000000002000/$file" "killed/step-000000002000/$file" || fail "$file has other bits"
done

"$fit" whole 2 >other.log 2>&1 && fail "another seed went on from the snapshots: $(cat other.log)"
grep -q "begun with the seed 1, and this training has 2" other.log || fail "$(cat other.log)"
"$fit" other 2 >other.log 2>&1 || fail "$(cat other.log)"
! cmp -s whole/step-000000002000/model.safetensors other/step-000000002000/model.safetensors ||
  fail "the comparison finds nothing"
echo "killed three times, and the bits are the same"
