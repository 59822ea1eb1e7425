#!/bin/bash
# SPDX-License-Identifier: MIT
# The VM suite with a driver and a library that count; what they counted goes beside their objects.
# The programs given come last: one of them takes core dumps away.
#
#   vm.sh BUILD/coverage RELEASE PROGRAM...
set -eu
cd "$(dirname "$0")/../.."
out=$1 release=$2
shift 2
kmod=$(pwd)/build/kmod/$release-gcov
mapfile -t programs < build/vm-tests
. tests/vm/limits.sh

find "$kmod" -name '*.gcda' -delete
UBVM_KMOD=$kmod/ubnpu.ko qemu_device/ubvm run --devices 2 --mem 4G "${vm_limits[@]}" \
    --kernel "$release" \
    --qemu-arg -chardev --qemu-arg "file,id=counts,path=$out/counts.tar" \
    --qemu-arg -device --qemu-arg virtserialport,chardev=counts,nr=4 \
    -- tests/coverage/in-vm.sh "$(pwd)/$out/tree/lib" "${programs[@]}" "$@" \
    > "$out/vm.log" 2>&1 || grep -E '^(FAIL|not ok|ubvm)' "$out/vm.log" || true
tail -n 1 "$out/vm.log"
# Paths in it are absolute: those of the build.
tar -C / --warning=no-timestamp -xf "$out/counts.tar"
