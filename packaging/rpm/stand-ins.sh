# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Small packages that stand in for the distribution's, so that rpm resolves what ours depend on.
# Sourced; uses $root.
#
# They are named as openEuler names its packages and provide what the same software of Debian, which
# is in the root, really has: a library's soname with its symbol versions, a program's path, a file
# for pkg-config. So what ours ask for that no listed package has is found. That openEuler's
# packages have it under these names, and in these versions, is not shown: none of them is here.

# A requirement of ours without its symbol version: libc.so.6 of libc.so.6(GLIBC_2.34)(64bit).
need_name() {
    case $1 in
        *.so.[0-9]*'('* | *.so'('*) echo "${1%%(*}" ;;
        *) echo "$1" ;;
    esac
}

# What ours require and do not provide, one a line, by that name.
outer_needs() {
    local need
    rpm -qp --nosignature --requires "$@" | sed 's/ [<>=].*//' | sort -u |
        grep -v -e '^rpmlib(' -e '^config(' |
        grep -vxF "$(rpm -qp --nosignature --provides "$@" | sed 's/ [<>=].*//')" |
        while read -r need; do need_name "$need"; done | sort -u
}

# What the root has of NAME, as rpm says it; nothing when it has none.
really_there() {
    local file
    case $1 in
        /*) in_root test -e "$1" && echo "$1" ;;
        *.so.*)
            file=$(in_root /sbin/ldconfig -p | awk -v name="$1" '$1 == name { print $NF; exit }')
            [ -n "$file" ] && echo "$file" | in_root /usr/lib/rpm/elfdeps --provides
            ;;
        pkgconfig\(*)
            in_root pkg-config --exists "$(sed 's/.*(\(.*\))/\1/' <<< "$1")" && echo "$1"
            ;;
        *) echo "$1" ;;
    esac
}

# Lines "PACKAGE PROVISION" of all that ours need.
provisions() {
    local need package there
    for need in "$@"; do
        package=$(table_debian "$need") || return 1
        [ "$(in_root dpkg-query -W -f '${db:Status-Status}' "$package")" = installed ] || {
            echo "$need: Debian's $package is not in the root" >&2
            return 1
        }
        there=$(really_there "$need") && [ -n "$there" ] || {
            echo "$need: Debian's $package has no such thing" >&2
            return 1
        }
        sed "s|^|$(table_openeuler "$need") |" <<< "$there"
    done | sort -u
}

# stand_ins_make FILE...: the stand-ins for what these rpms need, in the root's /packages/stand-ins.
stand_ins_make() {
    local dir=$root/packages/stand-ins
    mkdir -p "$dir"
    # shellcheck disable=SC2046 # one word a need
    provisions $(outer_needs "$@") > "$dir/provisions" && stand_in_spec < "$dir/provisions" \
        > "$dir/stand-ins.spec" &&
        in_root rpmbuild -bb --define '_topdir /packages/stand-ins' \
            /packages/stand-ins/stand-ins.spec
}

# One spec for all: a package without files for each name.
stand_in_spec() {
    printf 'Name: stand-ins\nVersion: 0\nRelease: 0\nSummary: Stand-ins\nLicense: MIT\n'
    printf 'BuildArch: noarch\n%%description\nStand-ins.\n'
    awk '
        function end() { printf "%%description -n %s\nStand-in.\n%%files -n %s\n", last, last }
        $1 != last { if (last) end(); printf "%%package -n %s\nSummary: Stand-in\n", $1; last = $1 }
        { print "Provides: " $2 }
        END { end() }'
}
