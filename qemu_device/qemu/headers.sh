#!/bin/bash
# SPDX-License-Identifier: MIT
# Provide the headers of a QEMU: source by apt, configured, its generated headers made, the rest
# thrown away. Prints the folder that holds them. Kept by version, so it costs once.
#
#   headers.sh CACHE [VERSION [SUITE]]
#
# VERSION is the Debian version of the source package; by default that of the QEMU installed. SUITE takes
# the source from another suite of the same mirrors.
set -euo pipefail

cache=$1
version=${2:-$(dpkg-query -W -f '${source:Version}' qemu-system-x86)}
suite=${3:-}
# Make and PATH-like variables do not like colons.
dir=$cache/qemu/${version//:/_}

[ -e "$dir/complete" ] && { echo "$dir"; exit 0; }
mkdir -p "$cache/qemu"
exec 9> "$cache/qemu/.lock"
flock 9
[ -e "$dir/complete" ] && { echo "$dir"; exit 0; }
work=$(mktemp -d "$cache/qemu/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$dir.log

# apt with a source list of its own, made from the system's; the system's is not touched.
source_list() {
    mkdir -p "$work/sources" "$work/lists/partial"
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] && sed -n 's/^deb /deb-src /p' "$file" >> "$work/sources/sys.list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" \
            > "$work/sources/$(basename "$file")"
    done
    [ -z "$suite" ] || sed -i "s/bookworm/$suite/g" "$work"/sources/*
}
apt_source() {
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources" \
        -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=root "$@"
}

build() {
    source_list
    apt_source update
    cd "$work"
    apt_source source --download-only "qemu=$version"
    dpkg-source --no-check -x qemu_*.dsc src
    mkdir src/b
    cd src/b
    ../configure --without-default-features --disable-install-blobs --disable-docs --enable-modules \
        --enable-tcg --enable-kvm --enable-fdt=system --target-list=x86_64-softmmu
    # shellcheck disable=SC2046 # one word a header
    ninja $(ninja -t targets all | sed -n 's/^\([^ ]*\.h\): .*/\1/p' | grep -v symlink)
    mkdir -p "$work/keep/b"
    cd "$work/src"
    cp -r include "$work/keep/"
    mkdir -p "$work/keep/tcg"
    cp -r tcg/i386 "$work/keep/tcg/"
    cp --parents $(find host -name '*.h' 2> /dev/null) "$work/keep/" 2> /dev/null || true
    cd b
    find . -name '*.h' -type f -exec cp --parents -L {} "$work/keep/b/" \;
}
if ! (build) > "$log" 2>&1 9>&-; then
    echo "headers.sh: QEMU $version: its headers could not be made; $log ends with:" >&2
    tail -n 5 "$log" >&2
    exit 1
fi
rm -rf "$dir"
mv "$work/keep" "$dir"
touch "$dir/complete"
echo "$dir"
