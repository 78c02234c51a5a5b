#!/bin/bash
# All programs of this package with its own model: loaded, trained, killed twice, gone on with, evaluated, reproduced,
# and trained again with another value. What was killed ends with the bits of what was not.
set -uo pipefail
here=$PWD/examples/own_model
cd "$TEST_TMPDIR"
cp "$here/wide.textproto" .

fail() {
  echo "line ${BASH_LINENO[0]}: $*"
  exit 1
}
expect() { # STATUS COMMAND...: its output is left in the file `output`
  local expected=$1
  shift
  "$@" >output 2>&1
  local status=$?
  [ "$status" -eq "$expected" ] || fail "exit code $status, not $expected: $*: $(cat output)"
}
expect_output() { grep -qF -- "$1" output || fail "expected '$1' in: $(cat output)"; }

# 960 points inside and outside of a circle.
awk 'BEGIN {
  print "x,y,kind"
  for (i = 0; i < 960; ++i) {
    x = (i * 37 % 960) / 480 - 1; y = (i * 101 % 960) / 480 - 1
    print x "," y "," (x * x + y * y < 0.6 ? "inside" : "outside")
  }
}' >points.csv

# The control: never disturbed.
expect 0 "$here/run" --config=wide.textproto --run_dir=undisturbed
expect_output "accuracy"
last() { ls -d "$1"/train/*/step-* | tail -1; }

# Killed as soon as it has a snapshot, twice.
expect 0 "$here/load" --config=wide.textproto --run_dir=killed
for round in 1 2; do
  before=$(ls -d killed/train/*/step-* 2>/dev/null | tail -1)
  "$here/train" --run_dir=killed >output 2>&1 &
  train=$!
  until [ "$(ls -d killed/train/*/step-* 2>/dev/null | tail -1)" != "$before" ]; do
    kill -0 "$train" 2>/dev/null || fail "training ended before it could be killed: $(cat output)"
    sleep 0.01
  done
  kill -KILL "$train"
  wait "$train"
  [ $? -eq 137 ] || fail "training was not killed in round $round: $(cat output)"
done
expect 0 "$here/train" --run_dir=killed
expect_output "goes on from step"
expect 0 "$here/evaluate" --run_dir=killed
expect_output "accuracy"
for file in model optimizer; do
  cmp "$(last undisturbed)/$file.safetensors" "$(last killed)/$file.safetensors" || fail "$file differs"
done
cmp undisturbed/evaluate/*/predictions.* killed/evaluate/*/predictions.* || fail "the predictions differ"

expect 0 "$here/reproduce" --run_dir=killed
expect_output "step-"

# Another value is another key; the record says which.
expect 0 "$here/run" --run_dir=killed 'train.model.[acme.wide].width=4'
[ "$(ls killed/train | wc -l)" -eq 2 ] || fail "the earlier training is gone"
for key in killed/train/*; do sha256sum <"$(ls -d "$key"/step-* | tail -1)/model.safetensors"; done >models
[ "$(sort -u models | wc -l)" -eq 2 ] || fail "another width, the same model"
expect 0 "$here/inspect" provenance killed
expect_output 'train.model.[acme.wide].width": "4"'

# What is wrong is said.
expect 64 "$here/train" --run_dir=killed 'train.model.[acme.wide].width=0'
expect_output "train.model.[acme.wide].width is 0; expected at least 1"
expect 64 "$here/load" --run_dir=killed 'train.model.[acme.wid].width=4'
expect_output "did you mean train.model.[acme.wide]?"
sed 's/model { \[acme.wide\]/model { logistic {} [acme.wide]/' wide.textproto >two.textproto
expect 64 "$here/load" --config=two.textproto --run_dir=two
expect_output "train.model holds logistic and [acme.wide]; leave only one of them"
expect 0 "$here/train" --run_dir=killed train.model.logistic={}
echo "all is as expected"
