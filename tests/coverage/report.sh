#!/bin/bash
# SPDX-License-Identifier: MIT
# A table of each part's files, and PART.txt with the lines that no test ran. Fails below floors.
#
#   report.sh BUILD/coverage RELEASE
set -eu
cd "$(dirname "$0")/../.."
top=$(pwd) out=$(pwd)/$1 release=$2
status=0

table() {
    awk -F, -v part="$1" '
        function row(name, l, lc, b, bc) {
            printf "%-8s %-24s %5d of %5d lines %5.1f %%  %5d of %5d branches %5.1f %%\n", part,
                name, lc, l, l ? 100 * lc / l : 100, bc, b, b ? 100 * bc / b : 100
        }
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        {
            l = $at["line_total"]; lc = $at["line_covered"]
            b = $at["branch_total"]; bc = $at["branch_covered"]
            # Where folders are layers, with the folder.
            sub(/.*(-gcov|qemu_device\/core)\//, "", $1) || sub(/.*\//, "", $1)
            row($1, l, lc, b, bc)
            L += l; LC += lc; B += b; BC += bc
        }
        END { row("sum", L, LC, B, BC) }
    ' "$out/$1.csv"
}

# part NAME FLOOR SOURCES BUILD COUNTS: the compiler ran in BUILD.
part() {
    local name=$1 floor=$2
    (cd "$4" && gcovr --root "$top" --object-directory "$4" --filter "$3" \
        --exclude-throw-branches --exclude-unreachable-branches \
        --txt "$out/$name.txt" --csv "$out/$name.csv" --fail-under-line "$floor" "$5") \
        2> "$out/$name.log" || {
        tail -n 1 "$out/$name.log"
        status=1
    }
    table "$name"
}

kmod=$top/build/kmod/$release-gcov
part core 95 "$top/qemu_device/core/" "$top" "$out/tree"
part library 85 "$top/libub/" "$top" "$out/tree"
part kmod 85 "$kmod/" "$(kmod/headers.sh find "$release")" "$kmod"
exit $status
