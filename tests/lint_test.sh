#!/bin/bash
# lint.sh accepts a clean repository and finds each kind of fault, planted one at a time.
set -euo pipefail
lint=$PWD/tests/lint.sh
repository=$TEST_TMPDIR/repository
git init -q "$repository"
cd "$repository"
mkdir base state
printf 'BasedOnStyle: Google\nIncludeBlocks: Preserve\n' >.clang-format

# What `lint.sh` says when FILE has the content on stdin, beside a clean one.
lint_with() {
  printf 'int x;\n' >state/clean.cc
  cat >"$1"
  git add -A
  "$lint" || true
  git rm -qf "$1"
}
expect() {
  if ! grep -qxF -- "$2" <<<"$1"; then
    printf 'expected the line "%s" in:\n%s\n' "$2" "$1"
    exit 1
  fi
}

torch='#include "third_party/torch_begin.h"\n\n#include <ATen/ops/sum.h>\n\n#include "third_party/torch_end.h"\n'

said=$(printf "$torch" | lint_with state/a.cc)
for check in unique_constants format torch_includes_in_brackets no_torch_where_it_does_not_belong; do
  expect "$said" "ok $check"
done
expect "$(printf 'int   x;\n' | lint_with state/a.cc)" "FAILED format"
expect "$(printf '#include <ATen/ops/sum.h>\n' | lint_with state/a.cc)" "FAILED torch_includes_in_brackets"
expect "$(printf '#include "third_party/torch_begin.h"\n' | lint_with state/a.cc)" "FAILED torch_includes_in_brackets"
expect "$(printf '#include "third_party/torch_end.h"\n' | lint_with state/a.cc)" "FAILED torch_includes_in_brackets"
expect "$(printf "${torch/<ATen/\"base\/key.h\"\\n#include <ATen}" | lint_with state/a.cc)" \
  "FAILED torch_includes_in_brackets"
expect "$(printf "$torch" | lint_with base/a.h)" "FAILED no_torch_where_it_does_not_belong"
constant='inline constexpr int kLimit = 1;\n'
expect "$(printf "$constant" | lint_with state/a.h)" "ok unique_constants"
expect "$(printf "$constant$constant" | lint_with state/a.h)" "FAILED unique_constants"
echo "all planted faults were found"
