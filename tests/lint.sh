#!/bin/bash
# Checks of the sources that a compiler does not make. For each check it prints what it found and a line "ok CHECK" or
# "FAILED CHECK"; the exit status is 0 if all are ok. Looks at the files that git tracks, in the repository around $PWD.
set -euo pipefail
root=$(git rev-parse --show-toplevel)
cd "$root"
mapfile -t sources < <(git ls-files '*.h' '*.cc')
[ ${#sources[@]} -gt 0 ] || { echo "git names no sources in $root"; exit 1; }
# Where each check puts a line for each fault.
faults=$(mktemp)
trap 'rm -f "$faults"' EXIT
failed=0

format() { clang-format-14 --dry-run --Werror "${sources[@]}" 2>&1 || true; }

# libtorch and glog define the same macros: third_party/torch_begin.h says why.
torch_includes_in_brackets() {
  awk '
    FNR == 1 { if (open) print last ": torch_begin.h without torch_end.h"; open = 0; last = FILENAME }
    /^#include "third_party\/torch_begin.h"/ { if (open) print FILENAME ":" FNR ": torch_begin.h twice"; open = 1 }
    /^#include "third_party\/torch_end.h"/ { if (!open) print FILENAME ":" FNR ": no torch_begin.h before"; open = 0 }
    /^#include [<"](ATen|c10|caffe2|torch)\// {
      if (!open) print FILENAME ":" FNR ": include libtorch between third_party/torch_begin.h and torch_end.h"
    }
    /^#include "/ && !/third_party\/torch_(begin|end).h"/ {
      if (open) print FILENAME ":" FNR ": only libtorch is included between torch_begin.h and torch_end.h"
    }
    END { if (open) print last ": torch_begin.h without torch_end.h" }
  ' "${sources[@]}"
}

# A program that links libtorch takes 0.35 s to start: inspect, load, reproduce and run must not.
no_torch_where_it_does_not_belong() {
  local free=(base data metadata pipeline/{config,plan,load,reproduce,run} pipeline/{train,evaluate}/{train,evaluate}_stage.h
    'models/*config*' training/config_checks.{h,cc})
  git grep -n -E 'third_party/torch_begin\.h|third_party:torch"|@libtorch' -- "${free[@]}" || true
}

# Two headers that give one name to different constants: the linker takes one of them for both, without a word.
unique_constants() {
  { git grep -hoE '^inline constexpr [^=]*\bk[A-Za-z0-9]+' -- '*.h' || true; } | awk '{ print $NF }' | sort | uniq -d |
    sed 's/$/: an inline constant of this name stands in two headers/'
}

for check in unique_constants format torch_includes_in_brackets no_torch_where_it_does_not_belong; do
  "$check" >"$faults"
  if [ -s "$faults" ]; then
    cat "$faults"
    echo "FAILED $check"
    failed=1
  else
    echo "ok $check"
  fi
done
exit "$failed"
