#!/bin/bash
# SPDX-License-Identifier: MIT
# A command in a VM with a kernel of this folder and a driver for it; any report fails it.
#
#   test.sh RELEASE MODULE COMMAND [ARG]...
set -eu
cd "$(dirname "$0")/../.."
release=$1 module=$2
shift 2
UBVM_KMOD=$module qemu_device/ubvm run --devices 2 --mem 4G \
    --timeout "${VM_TIMEOUT:-9000}" --kernel "$release" \
    --append "kmemleak=on hung_task_timeout_secs=240 ${VM_APPEND:-}" -- env TEST_TIMEOUT=1800 \
    tests/vm_debug/suite.sh "$@"
