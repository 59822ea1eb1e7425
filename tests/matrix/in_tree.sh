#!/bin/bash
# SPDX-License-Identifier: MIT
# Build the QEMU of a suite with the device in its tree, from the suite's source package and in the
# suite's root; then the tests of the matrix with that binary, without a plug-in.
#
#   in_tree.sh full|quick OUT SUITE
set -euo pipefail
cd "$(dirname "$0")/../.."
how=$1 out=$2 suite=$3
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}

die() {
    shift
    echo "qemu-in-tree: $*" >&2
    exit 1
}

# shellcheck source=tests/matrix/suite.sh
. tests/matrix/suite.sh

source_version() { dpkg-query --root="$root" -W -f '${source:Version}' qemu-system-x86; }

# The folder $work survives, so that a change of the device costs only what depends on it.
unpack_source() {
    [ ! -e "$work/src/configure" ] || return 0
    rm -rf "$work"
    mkdir -p "$work/new"
    in_root sh -euc 'cd "$1/new"; mkdir -p /tmp/lists/partial
        sed "s/^deb /deb-src /" /etc/apt/sources.list > /tmp/sources.list
        set -- "$2" -o Dir::Etc::sourcelist=/tmp/sources.list -o Dir::State::lists=/tmp/lists \
            -o APT::Sandbox::User=root
        version=$1; shift
        apt-get -q "$@" update
        apt-get -q "$@" source --download-only "qemu=$version"
        dpkg-source --no-check -x qemu_*.dsc src' sh "$work" "$1"
    mv "$work/new/src" "$work/src"
    rm -rf "$work/new"
}

# Little: QEMU as a whole takes an hour.
configure_and_build() {
    root_add libattr1-dev
    in_root sh -euc 'cd "$1"; mkdir -p build; cd build
        [ -e build.ninja ] || ../src/configure --target-list=x86_64-softmmu \
            --without-default-features \
            --without-default-devices --with-devices-x86_64=ubnpu --enable-system --enable-tcg \
            --enable-attr --enable-virtfs --enable-fdt=system --enable-trace-backends=log \
            --disable-docs --disable-install-blobs
        ninja qemu-system-x86_64' sh "$work"
}

tests_of "$how" > /dev/null
root_binds=("$PWD" "$cache")
mkdir -p "$out/in-tree"
# shellcheck disable=SC2086 # one word a package
root_of_suite "$suite" $suite_packages
version=$(source_version)
work=$cache/qemu-in-tree/${version//:/_}
log=$out/in-tree/build.log
echo "qemu-in-tree: QEMU $version"
{
    unpack_source "$version" && packaging/qemu-in-tree.sh "$work/src" && configure_and_build
} > "$log" 2>&1 || { tail -n 15 "$log" >&2; die 1 "not built; $log tells all"; }
suite_write_qemu "$out/in-tree/qemu-system-x86_64" "$work/build/qemu-system-x86_64"
export UBVM_QEMU=$PWD/$out/in-tree/qemu-system-x86_64 UBVM_PLUGIN=''
mapfile -t tests < <(tests_of "$how")
tests/run.sh "$out/in-tree" "${tests[@]}"
