#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside a VM: a short round of the driver's fuzzer, failing allocations, the VM suite.
cd "$(dirname "$0")/../.." || exit 1
mapfile -t programs < build/vm-tests
first=(build/tests/vm/fuzz-driver@1@programs@400 build/tests/vm/uapi_failnth)
last=(build/tests/vm/uapi_failadmin)
# Races are not found where one thing is done at a time; there the fuzzer has longer.
[ ! -e /sys/kernel/debug/kcsan ] || first=(build/tests/vm/fuzz-driver@1@programs@4000) last=()
exec tests/vm/suite.sh "${first[@]}" "${programs[@]}" "${last[@]}"
