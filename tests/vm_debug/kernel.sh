#!/bin/bash
# SPDX-License-Identifier: MIT
# Build a kernel that finds faults from the distribution's source package, or from the newest of
# another suite, into ubvm's cache; print its release. Kept by content: the configuration and the
# source package's version.
#
#   kernel.sh debug|kcsan [SUITE]
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
cache=${UBSTACK_CACHE:-${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}}
series=6.1
kind=${1:?debug or kcsan} suite=${2:-}
configs=("$here/config" "$here/config-$kind")
# Stands for each folder's own setting: nothing is instrumented but a module that does not say so.
flags=(KCSAN_SANITIZE=n)

die() {
    echo "$kind kernel: $*" >&2
    exit 1
}

# The system's own apt, or one that knows of that suite alone.
apt_options=(-o APT::Sandbox::User=root)
use_suite() {
    # shellcheck source=packaging/root.sh
    . "$here/../../packaging/root.sh"
    mkdir -p "$work/lists/partial"
    root_sources "$suite" > "$work/sources.list"
    apt_options+=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
        -o "Dir::State::lists=$work/lists" -o Dir::State::status=/dev/null
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
    apt-get -q "${apt_options[@]}" update > "$work/log" 2>&1 || die "$(tail -n 1 "$work/log")"
    series=$(apt-cache "${apt_options[@]}" search --names-only '^linux-source-[0-9.]+$' |
        sed -nE 's/^linux-source-([0-9.]+) .*/\1/p' | sort -V | tail -n 1)
}

source_version() {
    apt-cache "${apt_options[@]}" policy "linux-source-$series" | sed -n 's/^ *Candidate: //p'
}

unpack_source() {
    (cd "$work" && apt-get -q "${apt_options[@]}" download "linux-source-$series") \
        > "$work/log" 2>&1 || die "$(tail -n 1 "$work/log")"
    dpkg -x "$work"/linux-source-*.deb "$work/deb"
    tar -xf "$work/deb/usr/src/linux-source-$series.tar.xz" -C "$work"
    rm -rf "$work/deb" "$work"/*.deb
    mv "$work/linux-source-$series" "$tree"
}

# Whether any Kconfig defines it; a later kernel may have made it part of another.
is_option() { grep -rqx --include='Kconfig*' "config ${1#CONFIG_}" "$tree"; }

# What the fragment asks for and kconfig did not grant is an error: a checker must not be missing.
# It is written for our own series; what another suite's does not know at all is told.
configure() {
    cat "${configs[@]}" > "$work/config"
    make -s -C "$tree" KCONFIG_ALLCONFIG="$work/config" allnoconfig > "$work/log" 2>&1 ||
        die "$(tail -n 5 "$work/log")"
    "$tree/scripts/config" --file "$tree/.config" --set-str LOCALVERSION "-ub$key"
    make -s -C "$tree" olddefconfig
    local missing
    for missing in $(grep '^CONFIG' "$work/config" | grep -vxFf "$tree/.config"); do
        [ -n "$suite" ] && ! is_option "${missing%%=*}" || die "not granted: $missing"
        echo "$kind kernel: Linux $series has no ${missing%%=*}" >&2
    done
}

build() {
    make -s -C "$tree" -j"$(nproc)" "${flags[@]}" bzImage modules > "$work/log" 2>&1 ||
        die "$(grep -m 5 -i 'error' "$work/log" || tail -n 5 "$work/log")"
}

# The kernel for ubvm, and of the tree what modules are built with.
install_kernel() {
    local to=$work/kernel
    mkdir -p "$to/lib/modules/$release"
    cp "$tree/arch/x86/boot/bzImage" "$to/vmlinuz"
    make -s -C "$tree" INSTALL_MOD_PATH="$to" modules_install > "$work/log" 2>&1
    rm -f "$to/lib/modules/$release"/{build,source}
    find "$tree" \( -name '*.o' -o -name '*.a' -o -name '*.cmd' -o -name 'vmlinux*' \) \
        ! -path '*/scripts/*' ! -path '*/tools/*' -delete
    rm -rf "$tree"/{drivers,sound,Documentation,samples,fs,net}
    mkdir -p "$cache/kernel"
    rm -rf "${cache:?}/kernel/$release"
    mv "$to" "$cache/kernel/$release"
    touch "$cache/kernel/$release/complete"
}

mkdir -p "$cache/headers"
work=$(mktemp -d "$cache/headers/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree
[ -z "$suite" ] || use_suite
version=$(source_version)
[ -n "$version" ] && [ "$version" != '(none)' ] || die "no linux-source-$series; run apt-get update"
key=$({ echo "$version"; cat "${configs[@]}"; } | sha256sum | cut -c 1-8)
exec 9> "$cache/headers/.$kind-lock"
flock 9
for done in "$cache"/kernel/*-ub"$key"/complete; do
    [ ! -e "$done" ] || { basename "$(dirname "$done")"; exit 0; }
done

echo "$kind kernel: building $version, some ten minutes" >&2
unpack_source
configure
build
release=$(make -s -C "$tree" kernelrelease)
home=$cache/headers/$release/usr/src
rm -rf "${cache:?}/headers/$release"
install_kernel
mkdir -p "$home"
mv "$tree" "$home/linux-headers-$release"
echo "$release"
