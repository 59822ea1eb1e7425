#!/bin/bash
# SPDX-License-Identifier: MIT
# The VM suite on the debug kernel of release $1; any report of a checker fails it.
set -eu
cd "$(dirname "$0")/../.."
release=$1
mapfile -t programs < build/vm-tests
TEST_TIMEOUT=1800 qemu_device/ubvm run --devices 2 --mem 4G --timeout 5000 --kernel "$release" \
    --append 'kmemleak=on hung_task_timeout_secs=240' -- tests/vm_debug/suite.sh \
    build/tests/vm/uapi_failnth "${programs[@]}"
