#!/bin/bash
# SPDX-License-Identifier: MIT
# The shell in a VM: it works on a terminal, and leaves that as it was however it ends.
. "$(dirname "$0")/common.sh"

at_terminal() { tests/vm/ubvm/shell.py "$ubvm" "$1" > "$dir/out" 2> "$dir/err"; }
works_and_ends() {
    at_terminal exit
    ended 0 && grep -q 'ub0 .*ready' "$dir/out" && grep -q '^echo on' "$dir/out"
}
signal_ends_it() {
    at_terminal signal
    ended 143 && grep -q '^echo on' "$dir/out"
}
wants_a_terminal() {
    "$ubvm" shell < /dev/null > "$dir/out" 2> "$dir/err"
    ended 2 'shell wants a terminal'
}

check works_and_ends works_and_ends
check signal_ends_it signal_ends_it
check wants_a_terminal wants_a_terminal
check nothing_left nothing_left
exit "$failed"
