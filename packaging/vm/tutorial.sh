#!/bin/bash
# SPDX-License-Identifier: MIT
# The tutorial's blocks of sh, in order, as a reader types them; the first that fails ends it.
#
#   tutorial.sh TUTORIAL
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -n '/^```sh$/,/^```$/ { /^```/d; p }' "$1" > "$work/script"
[ -s "$work/script" ] || { echo "$1: no blocks of sh" >&2; exit 1; }
cd "$work"
bash -eux script
echo 'the tutorial is at its end'
