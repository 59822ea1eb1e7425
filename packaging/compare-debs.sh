#!/bin/bash
# SPDX-License-Identifier: MIT
# Two folders of packages must hold the same files, bit for bit.
#
#   compare-debs.sh ONE OTHER
set -euo pipefail

differing=0
shopt -s nullglob
for file in "$1"/*.deb "$1"/*.dsc "$1"/*.tar.*; do
    name=${file##*/}
    if ! cmp "$file" "$2/$name"; then
        differing=$((differing + 1))
        ! command -v diffoscope > /dev/null || diffoscope "$file" "$2/$name" | head -n 60 || true
    fi
done
count() { find "$1" -maxdepth 1 -type f -name "$2" | wc -l; }
debs=$(count "$1" '*.deb')
[ "$debs" -gt 0 ] && [ "$debs" = "$(count "$2" '*.deb')" ] || {
    echo "reproducible: the numbers of packages differ, or there are none" >&2
    exit 1
}
echo "reproducible: $debs packages compared, $differing files differ"
[ "$differing" = 0 ]
