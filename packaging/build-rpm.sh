#!/bin/bash
# SPDX-License-Identifier: MIT
# Build the source and binary rpms from the source tarball, in a clean root.
#
#   build-rpm.sh TARBALL OUT [NEXT]
#
# The root is Debian's, with Debian's rpm: it shows that the spec builds, and what it puts where.
# The packages are linked with Debian's libraries; those for openEuler are built on openEuler.
#
# NEXT gets release 2 of what was compiled for release 1: the tests of an upgrade need it.
set -euo pipefail

tarball=$(realpath "$1")
out=$(realpath -m "$2")
next=${3:+$(realpath -m "$3")}
cd "$(dirname "$0")/.."
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}
name=$(basename "$tarball" .tar.xz)
version=${name#ubstack-}
topdir=/home/builder/rpmbuild

# shellcheck source=packaging/root.sh
. packaging/root.sh
# shellcheck source=packaging/rpm/table.sh
. packaging/rpm/table.sh

unpack() {
    rm -rf "$out"
    mkdir -p "$out/sources"
    cp "$tarball" "$out/sources/"
    tar -C "$out" -xf "$tarball"
    cp "$out/$name/packaging/rpm/ubstack.spec" "$out/"
    cp "$out/$name/udev/ubstack.conf" "$out/sources/ubstack.sysusers.conf"
    rm -r "${out:?}/$name"
}

# The headers' place in the root; it is in no package.
qemu=(--with qemu --define 'qemu_headers /qemu-headers')

spec_needs() { rpmspec -q --buildrequires "${qemu[@]}" "$out/ubstack.spec" | sort -u; }

# Debian's rpm knows no package of Debian, so it cannot tell whether they are there. This can.
check_needs() {
    local need package
    for need in $needs; do
        package=$(table_debian "$need") || exit 1
        [ "$(in_root dpkg-query -W -f '${db:Status-Status}' "$package")" = installed ] ||
            root_die "$need: $package is not in the root"
        case $need in
            pkgconfig\(*) in_root pkg-config --exists "$(sed 's/.*(\(.*\))/\1/' <<< "$need")" ||
                root_die "$need: $package has no such file for pkg-config" ;;
        esac
    done
}

# What rpmbuild itself needs, what the spec asks for, and bash as the shell, as openEuler has it.
fill_root() {
    local need packages=()
    for need in $needs; do
        packages+=("$(table_debian "$need")") || return 1
    done
    root_apt update &&
        root_apt install rpm cpio elfutils file xz-utils pkg-config "${packages[@]}" &&
        in_root useradd -m builder && ln -sf bash "$root/bin/sh"
}

prepare_build() {
    local headers
    headers=$(qemu_device/qemu/headers.sh "$cache")
    mkdir -p "$root/qemu-headers" "$root$topdir/SOURCES"
    cp -r "$headers/." "$root/qemu-headers/"
    cp "$out"/sources/* "$root$topdir/SOURCES/"
    cp "$out/ubstack.spec" packaging/rpm/root.macros "$root$topdir/"
    in_root chown -R builder: /home/builder
}

# build FOLDER OPTION...
build() {
    local to=$1
    shift
    in_root setpriv --reuid=builder --regid=builder --init-groups env HOME=/home/builder \
        rpmbuild --load "$topdir/root.macros" --nodeps "${qemu[@]}" "$@" "$topdir/ubstack.spec"
    mkdir -p "$to"
    find "$root$topdir/RPMS" "$root$topdir/SRPMS" -name '*.rpm' -exec mv {} "$to/" \;
}

build_all() {
    prepare_build
    build "$out" -ba --noclean
    [ -z "$next" ] || build "$next" -bb --noprep --nocheck --define 'ub_release 2'
}

[ "$version" = "$(rpmspec -q --qf '%{VERSION}\n' --srpm packaging/rpm/ubstack.spec)" ] ||
    root_die "$tarball: the spec is for another version; give it this one and a changelog entry"
unpack
needs=$(spec_needs)
root_make rpm "$needs$(declare -f fill_root)" fill_root > "$out/root.log" 2>&1 || {
    tail -n 5 "$out/root.log" >&2
    exit 1
}
check_needs
[ -z "$next" ] || rm -rf "$next"
set +e
(set -e; build_all) > "$out/build.log" 2>&1
status=$?
set -e
if [ "$status" != 0 ]; then
    tail -n 30 "$out/build.log" >&2
    root_die "not built; $out/build.log tells all"
fi
rm -r "$out/sources"
ls "$out"/*.rpm
