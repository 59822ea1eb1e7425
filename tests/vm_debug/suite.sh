#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside a VM with the debug kernel: the programs given, the VM suite, then a look for leaked memory.
#
#   suite.sh PROGRAM[@ARG]... ...
set -u
cd "$(dirname "$0")/../.."
leaks=/sys/kernel/debug/kmemleak

# What the boot left is not ours. An object is a leak once two scans some seconds apart say so.
echo clear > "$leaks"
failed=0
tests/vm/suite.sh "$@" || failed=1
rmmod ubnpu || failed=1
for _ in 1 2; do
    sleep 6
    echo scan > "$leaks"
done
if [ -s "$leaks" ]; then
    echo "not ok - nothing_leaked"
    head -n 60 "$leaks"
    failed=1
else
    echo "ok - nothing_leaked"
fi
exit $failed
