#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside a VM: the programs given and the VM suite over the library in LIBDIR; then what driver and
# library counted goes as a tar file to port 4.
#
#   in-vm.sh LIBDIR PROGRAM[@ARG]...
set -u
cd "$(dirname "$0")/../.." || exit
library=$1
shift
counts=$(mktemp -d)
# Tests put on other users as well.
chmod 1777 "$counts"
for port in /dev/vport*p4; do :; done

# The driver's appear below the path of its build; debugfs tells no size, so they are copied by cat.
take_driver() {
    local file
    cd /sys/kernel/debug/gcov || return
    find . -name '*.gcda' | while read -r file; do
        mkdir -p "$counts/$(dirname "$file")"
        cat "$file" > "$counts/$file"
    done
}

failed=0
# What another user cannot count is lost, and no message of it joins those that tests read.
LD_LIBRARY_PATH=$library GCOV_PREFIX=$counts GCOV_ERROR_FILE=/dev/null tests/vm/suite.sh "$@" ||
    failed=1
rmmod ubnpu || failed=1
(take_driver)
tar -C "$counts" -c . > "$port"
exit $failed
