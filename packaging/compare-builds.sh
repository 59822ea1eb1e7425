#!/bin/bash
# SPDX-License-Identifier: MIT
# Two folders of packages must hold the same files, bit for bit.
#
#   compare-builds.sh ONE OTHER
set -euo pipefail

differing=0
shopt -s nullglob
for file in "$1"/*.deb "$1"/*.dsc "$1"/*.tar.* "$1"/*.rpm; do
    name=${file##*/}
    if ! cmp "$file" "$2/$name"; then
        differing=$((differing + 1))
        ! command -v diffoscope > /dev/null || diffoscope "$file" "$2/$name" | head -n 60 || true
    fi
done
count() { find "$1" -maxdepth 1 -type f \( -name '*.deb' -o -name '*.rpm' \) | wc -l; }
packages=$(count "$1")
[ "$packages" -gt 0 ] && [ "$packages" = "$(count "$2")" ] || {
    echo "reproducible: the numbers of packages differ, or there are none" >&2
    exit 1
}
echo "reproducible: $packages packages compared, $differing files differ"
[ "$differing" = 0 ]
