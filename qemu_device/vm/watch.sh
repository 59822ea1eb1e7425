# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154
# A VM while it runs: the command's output comes through, limits are kept. Sourced; uses $run,
# $qemu_pid, $timeout, $idle_timeout, die and give_up.

readers=() reader_of=()

# Copies one of the guest's outputs through as it comes, until QEMU has ended and all is read.
follow() {
    exec setpriv --pdeathsig KILL env LC_ALL=C tail -q -s 0.05 -c +1 -f --pid="$qemu_pid" \
        "$run/$1" 2> "$run/$1.reader"
}

start_readers() {
    follow out &
    readers=($!)
    follow err >&2 &
    readers+=($!)
    reader_of=(out err)
}

# A reader that ended before QEMU, or with an error, could not write.
check_reader() {
    local n=$1 status=0 names=('standard output' 'standard error') why
    wait "${readers[$n]}" 2> /dev/null || status=$?
    [ "$status" != 0 ] || return 0
    why=$(sed -n 's/^tail: .*: //p' "$run/${reader_of[$n]}.reader" | head -n 1)
    kill_qemu
    # Whoever read has gone: there is nothing left to run for.
    [ "$status" != 141 ] || done_with 141
    die 125 "${names[$n]} cannot be written${why:+: $why}"
}

# What was said until now still arrives, if whoever reads takes it soon.
let_readers_end() {
    local n
    kill_qemu
    for ((n = 0; n < 100; n++)); do
        kill -0 "${readers[@]}" 2> /dev/null || break
        pause 0.05
    done
    kill "${readers[@]}" 2> /dev/null || true
    wait "${readers[@]}" 2> /dev/null || true
    readers=()
}

# pause SECONDS, without a process.
exec {never}<> <(:)
pause() { read -r -t "$1" -u "$never" || true; }

# QEMU goes on trying when it cannot write, and the guest waits for it. $run/space is older than
# what came since the last look.
last_word=0
check_space() {
    if [ "$run/out" -nt "$run/space" ] || [ "$run/err" -nt "$run/space" ]; then
        last_word=$SECONDS
    fi
    if ! printf '%8192s' '' 2> /dev/null > "$run/space"; then
        let_readers_end
        die 125 "$run: cannot be written$(why_not); make room, or set TMPDIR to another folder"
    fi
    : > "$run/space"
}
why_not() { LC_ALL=C dd if=/dev/zero of="$run/space" bs=8192 count=1 2>&1 | sed -n '1s/.*:/:/p'; }

check_limits() {
    if ((SECONDS - started >= timeout)); then
        let_readers_end
        give_up 124 "no end after $timeout s"
    elif [ -n "$idle_timeout" ] && ((SECONDS - last_word >= idle_timeout)); then
        let_readers_end
        give_up 124 "the command has said nothing for $idle_timeout s"
    fi
}

# Until QEMU has ended by itself; its status is then in qemu_status.
qemu_status=0
watch() {
    local started=$SECONDS second=$SECONDS n
    last_word=$SECONDS
    while kill -0 "$qemu_pid" 2> /dev/null; do
        pause 0.05
        for n in 0 1; do
            kill -0 "${readers[$n]}" 2> /dev/null || ! kill -0 "$qemu_pid" 2> /dev/null ||
                check_reader "$n"
        done
        [ "$SECONDS" != "$second" ] || continue
        second=$SECONDS
        check_space
        check_limits
    done
    wait "$qemu_pid" 2> /dev/null || qemu_status=$?
    qemu_pid=''
    check_reader 0
    check_reader 1
    readers=()
}
