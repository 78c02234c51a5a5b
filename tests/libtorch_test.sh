#!/bin/bash
# Programs that should answer at once do not link libtorch, which takes a third of a second to load. The first argument
# is one that does, to see that the test can tell.
set -euo pipefail
# Not grep -q, which ends at the first line: ldd would then fail now and then for want of a reader.
links_libtorch() { ldd "$1" | grep 'libtorch' >/dev/null; }

with=$1
shift
if ! links_libtorch "$with"; then
  echo "$with does not link libtorch: the test would find nothing"
  exit 1
fi
for program in "$@"; do
  if links_libtorch "$program"; then
    echo "$program links libtorch: bazel query 'somepath(//pipeline/run, @libtorch//:libtorch)' shows through what"
    exit 1
  fi
  echo "$program: free of libtorch"
done
