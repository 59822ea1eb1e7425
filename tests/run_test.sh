#!/bin/bash
# SPDX-License-Identifier: MIT
# The runner of tests: what it counts, and that it finds who hangs, but leaves who is slow alone.
set -u
cd "$(dirname "$0")/.." || exit
. tests/check.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# program NAME: what is read becomes a program of that name.
program() { { echo '#!/bin/sh'; cat; } > "$dir/$1" && chmod +x "$dir/$1"; }
# run SECONDS NAME...: with that limit; what it said is in $dir/out.
run() {
    local limit=$1 name programs=()
    shift
    for name in "$@"; do programs+=("$dir/$name"); done
    TEST_TIMEOUT=$limit tests/run.sh "$dir/log" "${programs[@]}" > "$dir/out" 2>&1
}
said() { tail -n 1 "$dir/out" | grep -qx "$1" || { cat "$dir/out"; return 1; }; }

program good <<< 'echo "ok - a"; echo "ok - b # SKIP why"; echo "3 passed, 0 failed, 1 skipped"'
program bad <<< 'echo "ok - a"; echo "not ok - b"; exit 1'
program mute <<< 'exit 0'
program fails <<< 'echo "ok - a"; exit 7'
program slow <<< 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "ok - $i"; sleep 1; done'
program hangs <<< "echo 'ok - a'; sleep 1234.5 & echo \$! > $dir/child; trap '' TERM; wait; wait"
program babbles <<< 'while :; do echo more; sleep 0.1; done'

counts() {
    run 900 good && said '4 passed, 0 failed, 2 skipped' || return 1
    ! run 900 good bad mute fails && said '6 passed, 3 failed, 2 skipped' &&
        grep -q '^FAIL  fails: 1 passed, 1 failed' "$dir/out" && grep -q 'exit status 7' "$dir/out"
}
# It takes longer than it may be silent.
slow_is_left_alone() { run 8 slow && said '12 passed, 0 failed, 0 skipped'; }
silence_is_ended() {
    ! run 3 hangs good && said '5 passed, 1 failed, 2 skipped' &&
        grep -q 'timed out: it said nothing for 3 s' "$dir/out" &&
        ! kill -0 "$(cat "$dir/child")" 2> /dev/null
}
babble_is_ended() {
    ! run 1 babbles && said '0 passed, 1 failed, 0 skipped' &&
        grep -q 'timed out after 20 s' "$dir/out"
}
is_running() { [ -s "$dir/child" ]; }
interrupt_ends_the_program() {
    local pid status
    rm -f "$dir/child"
    TEST_TIMEOUT=900 tests/run.sh "$dir/log" "$dir/hangs" > "$dir/out" 2>&1 &
    pid=$!
    for _ in $(seq 600); do
        is_running && break
        sleep 0.1
    done
    kill -TERM $pid
    wait $pid
    status=$?
    [ $status = 143 ] && ! kill -0 "$(cat "$dir/child")" 2> /dev/null
}
check counts counts
check slow_is_left_alone slow_is_left_alone
check silence_is_ended silence_is_ended
check babble_is_ended babble_is_ended
check interrupt_ends_the_program interrupt_ends_the_program
exit "$failed"
