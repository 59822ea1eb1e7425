#!/bin/bash
# SPDX-License-Identifier: MIT
# The VM runner itself: what it passes through, what it refuses, what it leaves behind.
set -u
cd "$(dirname "$0")/../.." || exit
ubvm=$PWD/qemu_device/ubvm
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. tests/check.sh
qemu=${UBVM_QEMU:-qemu-system-x86_64}
plugin=${UBVM_PLUGIN-$PWD/build/qemu/ubnpu.so}

run() { "$ubvm" run --devices 0 "$@" > "$dir/out" 2> "$dir/err"; }

passes_through() {
    (cd /usr/share && run -- sh -c 'printf "%s|" "$@"; pwd; cat; echo problem >&2; exit 7' sh \
        'a  b' "c'd" '*' '' '$HOME')
    [ $? = 7 ] && [ "$(cat "$dir/out")" = "a  b|c'd|*||\$HOME|/usr/share" ] &&
        [ "$(cat "$dir/err")" = problem ]
}

bytes_exact() {
    run -- head -c 3000000 "$ubvm_bytes" && cmp -s "$dir/out" <(head -c 3000000 "$ubvm_bytes")
}
ubvm_bytes=$(readlink -f "$(command -v qemu-system-x86_64)")

slow_reader_gets_all() {
    "$ubvm" run --devices 0 -- head -c 3000000 "$ubvm_bytes" | { sleep 20; cat; } > "$dir/out"
    cmp -s "$dir/out" <(head -c 3000000 "$ubvm_bytes")
}

ends_when_nobody_reads() {
    local first
    first=$(timeout 600 "$ubvm" run --devices 0 -- yes | head -n 1)
    [ "$first" = y ]
}

system_is_complete() {
    run -- bash -c 'cat <(echo text) && test -c /dev/ptmx -a -d /dev/shm && unshare -U true &&
        modinfo -n overlay && build/ubctl -d soft: selftest > /dev/null' && grep -q text "$dir/out"
}

next_run_cleans_up() {
    local left
    left=$(mktemp -d "${TMPDIR:-/tmp}/ubvm.XXXXXX")
    touch -d "1 hour ago" "$left/lock"
    run -- true
    [ ! -e "$left" ]
}

writes_are_discarded() {
    run -- sh -c "echo x > $PWD/written && rm $PWD/Makefile && cat $PWD/written"
    [ $? = 0 ] && [ ! -e written ] && [ -e Makefile ]
}

kernel_warning_fails() {
    run -- sh -c 'echo "WARNING: on purpose" > /dev/kmsg'
    [ $? = 125 ] && grep -q 'on purpose' "$dir/err"
}

panic_fails() {
    run -- sh -c 'echo c > /proc/sysrq-trigger; sleep 60'
    [ $? = 125 ] && grep -q 'panic' "$dir/err"
}

timeout_ends_it() {
    run --timeout 15 -- sleep 600
    [ $? = 124 ]
}

bad_arguments() {
    local status
    run --devices x -- true
    status=$?
    [ $status = 2 ] && [ "$(wc -l < "$dir/err")" = 1 ] || return 1
    run --gdb=70000 -- true
    [ $? = 2 ] || return 1
    run --no-such-thing -- true
    [ $? = 2 ] || return 1
    run --kernel 0.0.0-none -- true
    [ $? = 125 ] && [ "$(wc -l < "$dir/err")" = 1 ]
}

qemus_of() { pgrep -P "$1" -f qemu-system; }

# Whatever ends ubvm, its QEMU goes as well.
killed_leaves_nothing() {
    local signal=$1 pid child
    # A shell starts background jobs with SIGINT ignored.
    env --default-signal=INT "$ubvm" run --devices 0 -- sleep 600 > /dev/null 2>&1 &
    pid=$!
    for _ in $(seq 600); do
        child=$(qemus_of $pid) && break
        sleep 0.1
    done
    [ -n "$child" ] || return 1
    sleep 1
    kill "-$signal" $pid
    wait $pid 2> /dev/null
    for _ in $(seq 600); do
        kill -0 "$child" 2> /dev/null || return 0
        sleep 0.1
    done
    kill -9 "$child"
    return 1
}

two_at_once() {
    "$ubvm" run --devices 0 -- sh -c 'sleep 2; echo first' > "$dir/first" 2>&1 &
    local pid=$!
    "$ubvm" run --devices 0 -- sh -c 'sleep 2; echo second' > "$dir/second" 2>&1
    wait $pid && [ "$(cat "$dir/first")" = first ] && [ "$(cat "$dir/second")" = second ]
}

properties_are_described() {
    local text
    text=$(env ${plugin:+LD_PRELOAD="$plugin"} "$qemu" -device ubnpu,help 2>&1) &&
        grep -q 'engines=<uint32>.*threads that execute commands' <<< "$text" &&
        grep -q 'ioeventfd=<OnOffAuto>' <<< "$text"
}

other_programs_are_left_alone() {
    local text
    text=$(LD_PRELOAD=$PWD/build/qemu/ubnpu.so ls -d / 2>&1) && [ "$text" = / ]
}

# A port that nobody listens at.
free_port() {
    python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# gdb reads where the guest is and lets it go on; it runs to its end.
gdb_attaches() {
    local port pid
    port=$(free_port)
    "$ubvm" run --devices 0 --gdb="$port" -- sleep 20 > "$dir/out" 2> "$dir/err" &
    pid=$!
    for _ in $(seq 600); do
        # Not by connecting, which stops the guest.
        [ -n "$(ss -Hltn "src 127.0.0.1:$port")" ] && break
        sleep 0.1
    done
    if command -v gdb > /dev/null; then
        gdb -nx -batch -ex "target remote 127.0.0.1:$port" -ex 'info registers rip' -ex detach \
            > "$dir/gdb" 2>&1
        grep -q '^rip  *0x' "$dir/gdb" || { cat "$dir/gdb"; kill $pid; return 1; }
    fi
    wait $pid && grep -q "target remote 127.0.0.1:$port" "$dir/err" &&
        grep -q add-symbol-file "$dir/err"
}

bad_property() {
    "$ubvm" run --devices 1 --no-module --device-arg "$1" -- true > "$dir/out" 2> "$dir/err"
    [ $? = 125 ] && grep -q "$2" "$dir/err"
}

check arguments_output_and_status_pass_through passes_through
check output_is_exact_to_the_byte bytes_exact
check slow_reader_gets_all slow_reader_gets_all
check ends_when_nobody_reads ends_when_nobody_reads
check system_is_complete system_is_complete
check writes_are_discarded writes_are_discarded
check kernel_warning_fails_the_run kernel_warning_fails
check panic_fails_the_run panic_fails
check timeout_ends_the_run timeout_ends_it
check bad_arguments_get_one_line bad_arguments
check killed_by_INT_leaves_no_qemu killed_leaves_nothing INT
check killed_by_TERM_leaves_no_qemu killed_leaves_nothing TERM
check killed_by_KILL_leaves_no_qemu killed_leaves_nothing KILL
check two_runs_at_once two_at_once
check next_run_cleans_up next_run_cleans_up
check other_programs_are_left_alone other_programs_are_left_alone
check properties_are_described properties_are_described
check gdb_attaches gdb_attaches
check bad_engines_refused bad_property engines=0 engines
check bad_eid_refused bad_property eid=nonsense 'not an EID'
check bad_hbm_size_refused bad_property hbm-size=3M 'hbm-size=3145728'
exit $failed
