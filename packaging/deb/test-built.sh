#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the installed tests from where they were staged.
#
#   test-built.sh ROOT LIBDIR
set -eu
root=$1 libdir=$2
export LD_LIBRARY_PATH=$root$libdir PATH=$root/usr/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed "s|^libexec=|&$root|" "$root/usr/bin/ubstack-test" > "$work/ubstack-test"
chmod 755 "$work/ubstack-test"
"$work/ubstack-test" soft
