#!/bin/bash
# SPDX-License-Identifier: MIT
# Where the headers of a kernel are, to build the module against.
#
#   headers.sh find RELEASE     print the directory of installed or cached headers
#   headers.sh fetch 6.12       fetch the newest of that series from the distribution's backports
#   into
#                               the cache, by apt, without installing; print its release
set -euo pipefail

cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}/headers

die() {
    echo "headers: $*" >&2
    exit 1
}

find_headers() {
    local release=$1 dir
    for dir in "/lib/modules/$release/build" "/usr/src/linux-headers-$release" \
        "$cache/$release/usr/src/linux-headers-$release"; do
        if [ -e "$dir/Module.symvers" ]; then
            echo "$dir"
            return
        fi
    done
    die "none for kernel ${release:-(unknown)}; run:" \
        "apt-get install linux-headers-${release:-amd64}"
}

# The system's own sources of its release, with the suite replaced by the backports'.
write_sources() {
    local codename key=/usr/share/keyrings/debian-archive-keyring.gpg
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    [ -e "$key" ] || key=''
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | sort -u | while read -r uri release component; do
        [ "$release" = "$codename" ] && [ "$component" = main ] || continue
        echo "deb ${key:+[signed-by=$key] }$uri $codename-backports main"
    done
}

apt_private() {
    local tool=$1
    shift
    "$tool" -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" \
        -o Dir::State::status=/dev/null -o APT::Sandbox::User=root "$@"
}

newest_release() {
    apt_private apt-cache search --names-only "^linux-headers-$1\\.[^ ]*-amd64\$" |
        sed -n 's/^linux-headers-\([^ ]*\) .*/\1/p' | grep -v -e -rt- -e -cloud- | sort -V |
            tail -n 1
}

# linux-headers-RELEASE, and what it names that the module's build reads.
packages_of() {
    echo "linux-headers-$1"
    apt_private apt-cache depends "linux-headers-$1" |
        sed -n 's/^ *Depends: \(linux-headers-[^ ]*-common\|linux-kbuild-[^ ]*\)$/\1/p'
}

unpack() {
    local release=$1 deb tree=$work/tree
    for deb in "$work"/debs/*.deb; do
        dpkg-deb -x "$deb" "$tree"
    done
    # The tree finds its other half, and since 6.13 itself, by an absolute path.
    sed -i "s#\(include \|=\)/usr/src#\1$cache/$release/usr/src#" \
        "$tree/usr/src/linux-headers-$release/Makefile"
    # With it the build would want pahole, to describe types nobody reads in a check.
    rm -f "$tree/usr/src/linux-headers-$release/vmlinux"
    mv "$tree" "$cache/$release"
}

fetch() {
    local series=$1 release
    release=$(cd "$cache" 2> /dev/null && compgen -G "$series.*" | sort -V | tail -n 1) || true
    if [ -z "$release" ]; then
        mkdir -p "$cache"
        work=$(mktemp -d "$cache/.work.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
        write_sources > "$work/sources.list"
        apt_private apt-get update > "$work/log" 2>&1 || die "$(tail -n 3 "$work/log")"
        release=$(newest_release "$series")
        [ -n "$release" ] || die "no headers of Linux $series in the backports"
        mapfile -t packages < <(packages_of "$release")
        (cd "$work/debs" && apt_private apt-get download "${packages[@]}") > "$work/log" 2>&1 ||
            die "$(tail -n 3 "$work/log")"
        unpack "$release"
    fi
    echo "$release"
}

case ${1:-} in
    find) find_headers "${2:-}" ;;
    fetch) fetch "${2:?series}" ;;
    *) die "usage: headers.sh find RELEASE | fetch SERIES" ;;
esac
