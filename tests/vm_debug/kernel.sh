#!/bin/bash
# SPDX-License-Identifier: MIT
# Build a kernel that finds faults from the distribution's source package into ubvm's cache; print
# its release. Kept by content: the configuration and the source package's version.
#
#   kernel.sh debug | kcsan
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
cache=${UBSTACK_CACHE:-${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}}
series=6.1
kind=${1:?debug or kcsan}
configs=("$here/config" "$here/config-$kind")
# Stands for each folder's own setting: nothing is instrumented but a module that does not say so.
flags=(KCSAN_SANITIZE=n)

die() {
    echo "$kind kernel: $*" >&2
    exit 1
}

source_version() {
    apt-cache policy "linux-source-$series" | sed -n 's/^ *Candidate: //p'
}

unpack_source() {
    (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "linux-source-$series") \
        > "$work/log" 2>&1 || die "$(tail -n 1 "$work/log")"
    dpkg -x "$work"/linux-source-*.deb "$work/deb"
    tar -xf "$work/deb/usr/src/linux-source-$series.tar.xz" -C "$work"
    rm -rf "$work/deb" "$work"/*.deb
    mv "$work/linux-source-$series" "$tree"
}

# What the fragment asks for and kconfig did not grant is an error: a checker must not be missing.
configure() {
    cat "${configs[@]}" > "$work/config"
    make -s -C "$tree" KCONFIG_ALLCONFIG="$work/config" allnoconfig > "$work/log" 2>&1 ||
        die "$(tail -n 5 "$work/log")"
    "$tree/scripts/config" --file "$tree/.config" --set-str LOCALVERSION "-ub$key"
    make -s -C "$tree" olddefconfig
    local missing
    missing=$(grep '^CONFIG' "$work/config" | grep -vxFf "$tree/.config" || true)
    [ -z "$missing" ] || die "not granted: $missing"
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

version=$(source_version)
[ -n "$version" ] && [ "$version" != '(none)' ] || die "no linux-source-$series; run apt-get update"
key=$({ echo "$version"; cat "${configs[@]}"; } | sha256sum | cut -c 1-8)
for done in "$cache"/kernel/*-ub"$key"/complete; do
    [ ! -e "$done" ] || { basename "$(dirname "$done")"; exit 0; }
done

mkdir -p "$cache/headers"
exec 9> "$cache/headers/.$kind-lock"
flock 9
work=$(mktemp -d "$cache/headers/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree
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
