#!/bin/bash
# SPDX-License-Identifier: MIT
# As many devices as there can be, and what a command in the VM finds of this tree.
. "$(dirname "$0")/common.sh"
export UBVM_LOG=$dir/log

run_with() { "$ubvm" run "$@" > "$dir/out" 2> "$dir/err"; }

thirty_two() {
    run_with --devices 32 -- sh -c 'ubctl --no-header device list && ubctl -d ub31 submit nop'
    ended 0 && [ "$(grep -c '^ub[0-9]* .* ready ' "$dir/out")" = 32 ]
}
# The doorbells are behind bridges, which pass on above 4 GiB only what is prefetchable.
doorbells_are_above_4_gib() {
    [ "$(grep -cE '^\[.*(bridge window|BAR 15).*\[mem 0x[0-9a-f]{9,}-.* 64bit pref\]' "$dir/log")" \
        -ge 32 ]
}
tools_and_library_are_found() {
    (cd /usr/share && run_with -- sh -ec 'ubctl --no-header list
        python3 -c "import ctypes; print(ctypes.CDLL(\"libub.so.1\"))"
        readlink -f "$(command -v ubctl)"')
    ended 0 && grep -q '^ub0 .*ready' "$dir/out" && grep -qx "$PWD/build/ubctl" "$dir/out"
}
what_is_no_tool_is_not_found() {
    run_with --devices 0 -- core
    ended 127 'No such file'
}

check thirty_two_devices thirty_two
check doorbells_are_above_4_gib doorbells_are_above_4_gib
check tools_and_library_are_found tools_and_library_are_found
check what_is_no_tool_is_not_found what_is_no_tool_is_not_found
check nothing_left nothing_left
exit "$failed"
