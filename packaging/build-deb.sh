#!/bin/bash
# SPDX-License-Identifier: MIT
# Build the Debian source and binary packages from the source tarball.
#
#   build-deb.sh TARBALL OUT
#
# DEB_VERSION=0.1.1-1 builds that version instead (the tests of an upgrade need a second one);
# DEB_KEEP=1 keeps what is there of the same tarball, built with the same packages;
# DEB_BUILD_OPTIONS and DEB_BUILD_PROFILES are dpkg-buildpackage's.
set -euo pipefail

tarball=$(realpath "$1")
out=$(realpath -m "$2")
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$(dirname "$0")/deb/changelog")
version=${DEB_VERSION:-$version}
upstream=${version%-*}

die() {
    echo "deb: $*" >&2
    exit 1
}

# What the packages depend on.
key() {
    {
        cat "$tarball"
        echo "$version ${DEB_BUILD_OPTIONS:-} ${DEB_BUILD_PROFILES:-}"
        dpkg-query -W
    } | sha256sum
}

unpack() {
    rm -rf "$out"
    mkdir -p "$out/ubstack-$upstream"
    tar -C "$out/ubstack-$upstream" --strip-components=1 -xf "$tarball"
    if [ -z "${DEB_VERSION:-}" ]; then
        cp "$tarball" "$out/ubstack_$upstream.orig.tar.xz"
    else
        tar -C "$out" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
            -cJf "$out/ubstack_$upstream.orig.tar.xz" "ubstack-$upstream"
    fi
    cd "$out/ubstack-$upstream"
    cp -r packaging/deb debian
}

# The version asked for on top of the changelog; with its date, so that it builds the same again.
add_entry() {
    local date
    [ -n "${DEB_VERSION:-}" ] || return 0
    date=$(dpkg-parsechangelog -S Date)
    {
        printf 'ubstack (%s) unstable; urgency=medium\n\n  * Built as version %s.\n\n' \
            "$version" "$version"
        printf ' -- %s  %s\n\n' "$(dpkg-parsechangelog -S Maintainer)" "$date"
        cat debian/changelog
    } > "$out/changelog"
    mv "$out/changelog" debian/changelog
}

build() {
    dpkg-checkbuilddeps || die "build dependencies are missing; run: apt-get build-dep $PWD"
    case " ${DEB_BUILD_PROFILES:-} " in
        *' pkg.ubstack.noqemu '*) ;;
        *) debian/rules qemu-headers ;;
    esac
    dpkg-buildpackage -us -uc
}

command -v dh > /dev/null || die "debhelper is missing; run: packaging/deps.sh packaging"
mkdir -p "$(dirname "$out")"
if [ -n "${DEB_KEEP:-}" ] && [ "$(cat "$out/key" 2> /dev/null)" = "$(key)" ]; then
    ls "$out"/*.deb
    exit
fi
unpack
add_entry
build > "$out/build.log" 2>&1 || {
    tail -n 30 "$out/build.log" >&2
    die "not built; $out/build.log tells all"
}
key > "$out/key"
ls "$out"/*.deb
