# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# What the checks of both kinds of packages share. Sourced; uses $log, $root and $root_work.

failed=0

check() {
    local name=$1 start
    shift
    start=$(wc -c < "$log")
    echo "--- $name" >> "$log"
    if "$@" >> "$log" 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        tail -c "+$((start + 1))" "$log" | tail -n 30 | sed 's/^/# /'
        failed=1
    fi
}

# Without this one the others would say nothing.
must() {
    local before=$failed
    failed=0
    check "$@"
    [ "$failed" = 0 ] || exit 1
    failed=$before
}

# What there is: kind, mode, owner and name, and the contents of what an admin owns. Without logs,
# caches, what the package managers keep, dkms's key, and depmod's lists of all modules.
snapshot() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./packages \
        -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/dpkg \
        -o -path ./var/lib/rpm -o -path './var/lib/dkms/mok.*' \
        -o -path './usr/lib/modules/*/modules.*' \) \
        -prune -o -printf '%y %m %u:%g %p %l\n' | sort)
    (cd "$root" && find etc -type f ! -name 'group*' ! -name 'gshadow*' ! -name ld.so.cache \
        -exec sha256sum {} + | sort)
}

# The group stays, as groups that may own files do.
nothing_remains() { diff "$root_work/before" <(snapshot); }
no_driver_remains() {
    ! find "$root/lib/modules" "$root/var/lib/dkms" -name '*ubnpu*' -o -name '*ubstack*' | grep .
}

group_is_a_system_group() {
    local gid
    gid=$(in_root getent group ub | cut -d: -f3)
    echo "gid $gid"
    [ "$gid" -ge 100 ] && [ "$gid" -lt 1000 ]
}
