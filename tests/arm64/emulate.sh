#!/bin/sh
# SPDX-License-Identifier: MIT
# Run a program of arm64, all its threads on one processor. On two, QEMU 7.2 on x86-64 lets a
# load-acquire pass an earlier store-release (both threads of "store mine, load theirs" read the old
# value 187 times in 2,000,000), which arm64 forbids and doorbells rely on.
#
#   emulate.sh PROGRAM [ARG]...
cpu=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)
# With atomics in one instruction; without SVE, whose emulation makes linear algebra crawl.
exec taskset -c "$cpu" qemu-aarch64 -cpu neoverse-n1 "$@"
