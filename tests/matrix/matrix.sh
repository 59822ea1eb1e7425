#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the VM tests on the kernel of each suite with the QEMU of each suite; print a table, and write
# it to OUT/../matrix.json. What passed is kept by content, and not run again.
#
#   matrix.sh full|quick OUT SUITE...
#
# SUITE_QEMU: a folder with the source package of a QEMU of the last suite's series, to take instead
# of that which its archive lists; with qemu-system-{x86,common,data} in it, that QEMU is run.
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=$1 out=$2
shift 2
suites=("$@")
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}

die() {
    shift
    echo "matrix: $*" >&2
    exit 1
}

# shellcheck source=tests/matrix/suite.sh
. tests/matrix/suite.sh

tests_of "$mode" > /dev/null

prepare() {
    local suite status packages
    for suite in "${suites[@]}"; do
        packages=''
        [ "$suite" != "${suites[-1]}" ] || packages=${SUITE_QEMU:-}
        echo "matrix: $suite: root, kernel, driver, plug-in"
        # Not "(suite_prepare) ||": that would let it go on after a failed command.
        set +e
        (set -e; suite_prepare "$suite" "$packages") > "$out/$suite.log" 2>&1
        status=$?
        set -e
        if [ "$status" != 0 ]; then
            tail -n 5 "$out/$suite.log" >&2
            die 1 "$suite cannot be prepared; $out/$suite.log tells all"
        fi
        ! grep -q '_fails=1' "$out/$suite/facts" ||
            grep -E '[Ee]rror[: ]|Error [0-9]|headers.sh:' "$out/$suite.log" | grep -v -e -Werror |
            tail -n 5 | sed "s/^/matrix: $suite: /" >&2
    done
}

fact() { sed -n "s/^$2=//p" "$out/$1/facts" | tr -d '"'; }

# What a cell's result rests on.
cell_key() {
    local kernel_suite=$1 qemu_suite=$2 how=$3
    {
        echo "$how $(fact "$kernel_suite" kernel) $(fact "$qemu_suite" qemu)"
        cat "$UBVM_KMOD" "$UBVM_KMOD_UNIT" "$UBVM_PLUGIN" build/vm-tests "$out/quick-tests" \
            build/ubctl \
            build/lib/libub.so tests/run.sh tests/check.sh
        find build/tests/vm build/tests/examples qemu_device/ubvm qemu_device/vm tests/vm \
            tests/cli \
            -maxdepth 2 -type f -print0 | sort -z | xargs -0 cat
    } | sha256sum | cut -c 1-16
}

# The QEMU that a kernel runs the whole suite with: its suite's own, else the last that there is.
qemu_for_all_of() {
    local suite found=$1
    if [ -n "$(fact "$1" qemu_fails)" ]; then
        for suite in "${suites[@]}"; do
            [ -n "$(fact "$suite" qemu_fails)" ] || found=$suite
        done
    fi
    echo "$found"
}

# run_cell KERNEL_SUITE QEMU_SUITE full|quick: appends a line to the results.
run_cell() {
    local kernel_suite=$1 qemu_suite=$2 how=$3 kept log counts tests
    log=$out/cells/$kernel_suite-$qemu_suite-$how
    if [ -n "$(fact "$kernel_suite" kernel_fails)$(fact "$qemu_suite" qemu_fails)" ]; then
        echo "$kernel_suite $qemu_suite not-built 0 0 0" >> "$out/results"
        return
    fi
    export UBVM_KERNEL UBVM_KMOD UBVM_KMOD_UNIT UBVM_QEMU UBVM_PLUGIN
    UBVM_KERNEL=$(fact "$kernel_suite" kernel)
    UBVM_KMOD=$PWD/$out/$kernel_suite/kmod/$UBVM_KERNEL/ubnpu.ko
    UBVM_KMOD_UNIT=$PWD/$out/$kernel_suite/kmod-unit/$UBVM_KERNEL/ubnpu_unit.ko
    UBVM_QEMU=$PWD/$out/$qemu_suite/qemu-system-x86_64
    UBVM_PLUGIN=$PWD/$out/$qemu_suite/qemu/ubnpu.so
    kept=$out/cells/$(cell_key "$kernel_suite" "$qemu_suite" "$how")
    if [ ! -e "$kept" ]; then
        echo "matrix: kernel $UBVM_KERNEL, QEMU $(fact "$qemu_suite" qemu): $how"
        mapfile -t tests < <(tests_of "$how")
        tests/run.sh "$log" "${tests[@]}" > "$log.out" 2>&1 || cat "$log.out"
        counts=$(tail -n 1 "$log.out" | tr -cd '0-9 ')
        ! grep -q ', 0 failed,' "$log.out" || echo "$counts" > "$kept"
    else
        counts=$(cat "$kept")
    fi
    # shellcheck disable=SC2086 # three numbers
    echo "$kernel_suite $qemu_suite $how" $counts >> "$out/results"
}

mkdir -p "$out/cells"
prepare
export UBVM_ACCEL=${UBVM_ACCEL:-$(qemu_device/ubvm accel)}
: > "$out/results"
for kernel_suite in "${suites[@]}"; do
    whole=$(qemu_for_all_of "$kernel_suite")
    for qemu_suite in "${suites[@]}"; do
        how=quick
        [ "$qemu_suite" != "$whole" ] || how=$mode
        run_cell "$kernel_suite" "$qemu_suite" "$how"
    done
done
tests/matrix/table.py "$out" build/matrix.json "${suites[@]}"
