#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever goes wrong around a VM: ubvm says what, ends at once with the status that its page
# promises, and leaves nothing.
. "$(dirname "$0")/common.sh"
kernel=$("$ubvm" fetch-kernel "${UBVM_KERNEL:-}")

# ---- QEMU ----
qemu_says_why() {
    run --qemu-arg -nonsense -- true
    ended 125 'qemu: .*-nonsense: invalid option' || return 1
    run --qemu-arg -device --qemu-arg nonsense -- true
    ended 125 "qemu: .*nonsense.* is not a valid device"
}
qemu_that_says_nothing() {
    UBVM_ACCEL=tcg UBVM_QEMU=/bin/false run -- true
    ended 125 'ended with status 1 and said nothing'
}
no_qemu() {
    UBVM_QEMU=/nonexistent/qemu run -- true
    ended 125 '/nonexistent/qemu: not found'
}
qemu_of() { pgrep -P "$1" -f "path=$TMPDIR" > "$dir/qemu"; }
qemu_is_killed() {
    local pid
    "$ubvm" run --devices 0 -- sleep 600 > "$dir/out" 2> "$dir/err" &
    pid=$!
    until_true 60 qemu_of $pid || return 1
    kill -9 "$(cat "$dir/qemu")"
    wait $pid
    ended 125 'was killed by signal 9'
}

# ---- Files that are not there ----
no_plugin() {
    UBVM_PLUGIN=/nonexistent.so run --devices 1 -- true
    ended 125 '/nonexistent.so: no such file'
}
no_driver() {
    UBVM_KMOD=/nonexistent.ko run --devices 1 -- true
    ended 125 '/nonexistent.ko: no such file'
}
no_image() {
    mkdir -p "$dir/cache/kernel/$kernel"
    touch "$dir/cache/kernel/$kernel/complete"
    UBVM_ACCEL=tcg UBSTACK_CACHE=$dir/cache run --kernel "$kernel" -- true
    ended 125 'no kernel in it' && [ ! -e "$dir/cache/kernel/$kernel/vmlinux" ]
}
no_such_kernel() {
    run --kernel 0.0.0-none -- true
    ended 125 'linux-image-0.0.0-none cannot be had'
}
cache_is_no_folder() {
    UBVM_ACCEL=tcg UBSTACK_CACHE=/dev/null run -- true
    ended 125 '/dev/null'
}
log_cannot_be_kept() {
    UBVM_LOG=/nonexistent/log run -- true
    ended 125 '/nonexistent/log'
}

# ---- The command ----
statuses_are_the_shells() {
    run -- /nonexistent/command
    ended 127 'No such file' || return 1
    run -- /etc/passwd
    ended 126 'Permission denied' || return 1
    run -- sh -c 'kill -KILL $$'
    ended 137
}
directory_is_not_seen() {
    (mkdir -p /run/ubvm-test && cd /run/ubvm-test && run -- true)
    ended 125 'the VM does not see this directory'
    local status=$?
    rmdir /run/ubvm-test
    return $status
}
panic_whatever_is_allowed() {
    run --allow-warnings -- sh -c 'echo c > /proc/sysrq-trigger; sleep 60'
    ended 125 'ended before the command did; the console ends with'
}

# ---- Time ----
# Neither what the firmware draws nor what the shell says of a job.
says_text_alone() {
    [ "$(LC_ALL=C tr -d '\n\t\040-\176' < "$dir/err" | wc -c)" = 0 ] &&
        ! grep -q 'Killed\|line [0-9]*:' "$dir/err"
}
timeout_says_text() {
    run --timeout 2 -- sleep 600
    ended 124 'no end after 2 s' && says_text_alone || return 1
    run --timeout $((boots_in * 3 + 4)) -- sh -c 'echo so far; exec sleep 600'
    ended 124 'the console ends with' && says_text_alone && [ "$(cat "$dir/out")" = 'so far' ]
}
what_speaks_is_not_idle() {
    local limit=$((boots_in * 3 + 4))
    run --idle-timeout $limit -- sh -c 'for i in $(seq "$1"); do echo $i; sleep 1; done' sh \
        $((limit + 5))
    ended 0 && [ "$(wc -l < "$dir/out")" = $((limit + 5)) ] || return 1
    run --idle-timeout $limit -- sh -c 'echo so far; exec sleep 600'
    ended 124 "the command has said nothing for $limit s" && [ "$(cat "$dir/out")" = 'so far' ]
}

# ---- Output ----
output_is_full() {
    "$ubvm" run --devices 0 -- echo text > /dev/full 2> "$dir/err"
    ended 125 'standard output cannot be written: No space left' || return 1
    "$ubvm" run --devices 0 -- sh -c 'echo text >&2; sleep 600' 2> /dev/full
    [ $? = 125 ]
}
output_is_closed() {
    "$ubvm" run --devices 0 -- echo text >&- 2> "$dir/err"
    ended 125 'standard output cannot be written: Bad file' || return 1
    "$ubvm" run --devices 0 -- true >&- 2> "$dir/err"
    ended 0 || return 1
    "$ubvm" run --devices 0 -- sh -c 'cat; echo text' <&- > "$dir/out" 2>&- &&
        [ "$(cat "$dir/out")" = text ]
}
nobody_reads() {
    local ends
    "$ubvm" run --devices 0 -- sh -c 'echo text; echo text; sleep 600' 2> "$dir/err" | true
    ends=("${PIPESTATUS[@]}")
    [ "${ends[0]}" = 141 ]
}

# ---- TMPDIR ----
no_place_for_the_run() {
    local place
    for place in /nonexistent /sys /dev/null; do
        TMPDIR=$place run -- true
        ended 125 "$place: no folder can be made in it: .*; set TMPDIR" || return 1
    done
}
# A folder of so many bytes, in a mount namespace of its own.
in_small() {
    # shellcheck disable=SC2016
    unshare -m sh -ec 'mount -t tmpfs -o "size=$1" tmpfs "$TMPDIR"; shift
        status=0; "$@" || status=$?; ls -A "$TMPDIR" > "$0"; exit $status' "$dir/left" "$@" \
        > "$dir/out" 2> "$dir/err"
}
read_only() {
    # shellcheck disable=SC2016
    unshare -m sh -ec 'mount -t tmpfs -o ro tmpfs "$TMPDIR"; exec "$@"' sh "$ubvm" run \
        --devices 0 -- true > "$dir/out" 2> "$dir/err"
    ended 125 'Read-only file system; set TMPDIR'
}
full_at_once() {
    in_small 4k "$ubvm" run --devices 0 -- true
    ended 125 'No space left on device; make room, or set TMPDIR' && [ ! -s "$dir/left" ]
}
full_in_the_middle() {
    local start=$SECONDS
    in_small 300k "$ubvm" run --devices 0 -- sh -c 'head -c 1000000 /dev/zero; exec sleep 600'
    ended 125 'No space left on device; make room, or set TMPDIR' && [ ! -s "$dir/left" ] &&
        ((SECONDS - start < 300))
}
folder_with_a_comma() {
    mkdir "$TMPDIR/a, b"
    TMPDIR="$TMPDIR/a, b" run -- echo text
    ended 0 && [ "$(cat "$dir/out")" = text ] && rmdir "$TMPDIR/a, b"
}

# ---- Signals ----
is_ubvm() { grep -qz "^$ubvm\$" "/proc/$1/cmdline"; }
# At each moment of a run: its folder, its QEMU, its guest.
signal_at_any_moment() {
    local signal=$1 status=$2 moment pid got
    for moment in $(LC_ALL=C seq 0 0.015 0.3) 0.4 0.8 "$boots_in"; do
        # A shell starts background jobs with SIGINT ignored, nohup with SIGHUP.
        env --default-signal=INT,HUP "$ubvm" run --devices 0 -- sleep 600 \
            > /dev/null 2> "$dir/err" &
        pid=$!
        until_true 60 is_ubvm $pid || return 1
        sleep "$moment"
        kill "-$signal" $pid
        wait $pid 2> /dev/null
        got=$?
        [ $got = "$status" ] && [ ! -s "$dir/err" ] && nothing_left && continue
        echo "after $moment s: $got"
        cat "$dir/err"
        return 1
    done
}

start=$SECONDS
check a_vm_boots run -- true
boots_in=$((SECONDS - start + 1))
check qemu_says_why qemu_says_why
check qemu_that_says_nothing qemu_that_says_nothing
check no_qemu no_qemu
check qemu_is_killed qemu_is_killed
check no_plugin no_plugin
check no_driver no_driver
check no_image no_image
check no_such_kernel no_such_kernel
check cache_is_no_folder cache_is_no_folder
check log_cannot_be_kept log_cannot_be_kept
check statuses_are_the_shells statuses_are_the_shells
check directory_is_not_seen directory_is_not_seen
check panic_whatever_is_allowed panic_whatever_is_allowed
check timeout_says_text timeout_says_text
check what_speaks_is_not_idle what_speaks_is_not_idle
check output_is_full output_is_full
check output_is_closed output_is_closed
check nobody_reads nobody_reads
check no_place_for_the_run no_place_for_the_run
check read_only_tmpdir read_only
check tmpdir_is_full_at_once full_at_once
check tmpdir_is_full_in_the_middle full_in_the_middle
check tmpdir_with_a_comma folder_with_a_comma
check INT_at_any_moment signal_at_any_moment INT 130
check TERM_at_any_moment signal_at_any_moment TERM 143
check HUP_at_any_moment signal_at_any_moment HUP 129
check nothing_left nothing_left
exit "$failed"
