#!/bin/bash
# SPDX-License-Identifier: MIT
# The headers of QEMU that the plug-in is built with, in this source package: README.source says
# why.
#
#   qemu-headers.sh HEADERS_SH DIR   make DIR for the QEMU installed, by that script of ours
#   qemu-headers.sh check DIR        fail unless DIR is for the QEMU installed
#   qemu-headers.sh substvars DIR    print what dh_gencontrol is to be given
set -euo pipefail

installed() { dpkg-query -W -f '${source:Version}' qemu-system-x86; }

die() {
    echo "qemu-headers: $*" >&2
    exit 1
}

# The files that the plug-in's sources include, as the compiler names them; the rest is not ours to
# carry.
included() {
    local from=$1
    make -s --no-print-directory -f - print << 'END' KERNEL=none QEMU_HEADERS="$from"
include Makefile
print: $(HEADERS)
	@$(CC) -M $(call qemu_flags,$(QEMU_HEADERS)) $(QEMU_SRC)
END
}

prune() {
    local from=$1 to=$2
    rm -rf "$to"
    mkdir -p "$to"
    included "$from" | tr -s ' \\\n' '\n' | grep "^$from/" | sed "s|^$from/||" | sort -u |
        (cd "$from" && xargs cp --parents -t "$to")
}

make_headers() {
    local from
    from=$("$1" "${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}")
    prune "$from" "$(realpath -m "$2")"
    # The folder's name is the version, but for a colon.
    basename "$from" | tr _ : > "$2/VERSION"
}

check() {
    local have want
    [ -s "$1/VERSION" ] ||
        die "$1: no headers; run debian/rules qemu-headers," \
            "or build with profile pkg.ubstack.noqemu"
    have=$(cat "$1/VERSION")
    want=$(installed)
    [ "$(series "$have")" = "$(series "$want")" ] ||
        die "$1: for QEMU $have, installed is $want; run debian/rules qemu-headers anew"
}

# 1:7.2 of 1:7.2+dfsg-7+deb12u18
series() { sed -E 's/^([0-9]+:)?([0-9]+\.[0-9]+).*/\1\2/' <<< "$1"; }

# Major and minor version are what the plug-in checks when loaded, and the layout of a PCI device
# beside them. Updates of a stable suite keep both, and must not be held up.
substvars() {
    local have first next
    have=$(cat "$1/VERSION")
    first=$(series "$have")
    next=${first%.*}.$((${first##*.} + 1))
    echo "-Vqemu:Depends=qemu-system-x86(>=$first~),qemu-system-x86(<<$next~)"
    echo "-Vqemu:Built-Using=qemu(=$have)"
}

case ${1:-} in
    check) check "$2" ;;
    substvars) substvars "$2" ;;
    *.sh) make_headers "$1" "$2" ;;
    *) die "usage: qemu-headers.sh HEADERS_SH DIR | check DIR | substvars DIR" ;;
esac
