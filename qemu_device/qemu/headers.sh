#!/bin/bash
# SPDX-License-Identifier: MIT
# Provide the headers of a QEMU: source by apt, configured, its generated headers made, the rest
# thrown away. Prints the folder that holds them. Kept by version, so it costs once.
#
#   headers.sh CACHE [SUITE]
#
# Without SUITE they are those of the QEMU installed; with it, those of the newest QEMU in that
# suite of the same mirrors. QEMU_PACKAGES names a folder with the source package (one .dsc and its
# files) to take instead, for a version that no archive lists.
set -euo pipefail

cache=$1
suite=${2:-}
packages=${QEMU_PACKAGES:-}
mkdir -p "$cache/qemu"
work=$(mktemp -d "$cache/qemu/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# apt with lists of its own, made from the system's; the system's are not touched. $@: deb, deb-src.
source_list() {
    local file kind
    mkdir -p "$work/sources" "$work/lists/partial"
    for kind in "$@"; do
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
            [ ! -e "$file" ] || sed -n "s/^deb /$kind /p" "$file" >> "$work/sources/system.list"
        done
        for file in /etc/apt/sources.list.d/*.sources; do
            [ ! -e "$file" ] || sed "s/^Types:.*/Types: $kind/" "$file" \
                > "$work/sources/$kind-$(basename "$file")"
        done
    done
    [ -z "$suite" ] || sed -i "s/$(. /etc/os-release && echo "$VERSION_CODENAME")/$suite/g" \
        "$work"/sources/*
}

own_apt() {
    local tool=$1
    shift
    "$tool" -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources" \
        -o "Dir::State::lists=$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        ${suite:+-o Dir::State::status=/dev/null} -o APT::Sandbox::User=root "$@"
}

# A foreign source in the system's list may lack what we ask for: what counts is whether QEMU is
# had.
update_lists() { own_apt apt-get update || true; }

newest_version() {
    own_apt apt-cache showsrc qemu | sed -n 's/^Version: //p' | sort -V | tail -n 1
}

# A later QEMU may want a later meson than is installed; its suite has it.
suite_meson() {
    own_apt apt-get download meson
    dpkg -x meson_*.deb meson
    export PYTHONPATH=$PWD/meson/usr/lib/python3/dist-packages
}

generate() {
    mkdir "$work/src/b"
    cd "$work/src/b"
    # Meson must be the system's, with the Python it was installed for.
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    ../configure --without-default-features --disable-install-blobs --disable-docs \
        --enable-modules --enable-tcg --enable-kvm --enable-fdt=system \
        --target-list=x86_64-softmmu
    # shellcheck disable=SC2046 # one word a header
    ninja $(ninja -t targets all | sed -n 's/^\([^ ]*\.h\): .*/\1/p' | grep -v symlink)
}

keep() {
    mkdir -p "$work/keep/b"
    cd "$work/src"
    cp -r include "$work/keep/"
    find tcg/i386 host -name '*.h' -exec cp --parents -t "$work/keep" {} + || true
    cd b
    find . -name '*.h' -type f -exec cp --parents -t "$work/keep/b" {} +
}

fetch_source() {
    if [ -n "$packages" ]; then
        cp "$packages"/qemu_*.dsc "$packages"/qemu_*.tar.* .
        return
    fi
    if [ -z "$suite" ]; then
        source_list deb-src
        update_lists
    fi
    own_apt apt-get source --download-only "qemu=$version"
}

build() {
    cd "$work"
    [ -z "$suite" ] || suite_meson
    fetch_source
    dpkg-source --no-check -x qemu_*.dsc src
    generate
    keep
}

fail() {
    echo "headers.sh: $1" >&2
    exit 1
}

if [ -n "$suite" ]; then
    source_list deb deb-src
    update_lists > "$cache/qemu/$suite.log" 2>&1
fi
if [ -n "$packages" ]; then
    version=$(sed -n 's/^Version: //p' "$packages"/qemu_*.dsc 2> /dev/null || true)
    [ "$(wc -w <<< "$version")" = 1 ] || fail "QEMU_PACKAGES=$packages: wants one qemu_VERSION.dsc"
elif [ -z "$suite" ]; then
    version=$(dpkg-query -W -f '${source:Version}' qemu-system-x86 2> /dev/null) ||
        fail "qemu-system-x86 is not installed; run make deps"
else
    version=$(newest_version 2> /dev/null || true)
    [ -n "$version" ] || fail "no QEMU source in $suite; $cache/qemu/$suite.log says why"
fi
# Colons are not for make, nor for lists of folders.
dir=$cache/qemu/${version//:/_}
exec 9> "$cache/qemu/.lock"
flock 9
if [ ! -e "$dir/complete" ]; then
    log=$dir.log
    # Not "if ! (build)": that would let it go on after a failed command.
    set +e
    (set -e; build) > "$log" 2>&1 9>&-
    status=$?
    set -e
    if [ "$status" != 0 ]; then
        tail -n 5 "$log" >&2
        fail "the headers of QEMU $version could not be made; $log tells all"
    fi
    rm -rf "$dir"
    mv "$work/keep" "$dir"
    touch "$dir/complete"
fi
echo "$dir"
