#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside a VM with a kernel of this folder: the command given while what the kernel has of checkers
# is on, then a look for leaked memory.
#
#   suite.sh COMMAND [ARG]...
set -u
cd "$(dirname "$0")/../.." || exit
leaks=/sys/kernel/debug/kmemleak
races=/sys/kernel/debug/kcsan

# What the boot left is not ours. An object is a leak once two scans some seconds apart say so.
nothing_leaked() {
    for _ in 1 2; do
        sleep 6
        echo scan > "$leaks"
    done
    head -n 60 "$leaks"
    [ ! -s "$leaks" ]
}

# Processors that are threads of a busy machine do not run side by side all the time: a watch lasts
# longer than on a real one.
if [ -e "$races" ]; then
    echo 200 > /sys/module/kcsan/parameters/skip_watch
    echo 1000 > /sys/module/kcsan/parameters/udelay_task
    echo 100 > /sys/module/kcsan/parameters/udelay_interrupt
    echo on > "$races"
fi
[ ! -e "$leaks" ] || echo clear > "$leaks"
. tests/check.sh
"$@" || failed=1
rmmod ubnpu || failed=1
[ ! -e "$leaks" ] || check nothing_leaked nothing_leaked
exit "$failed"
