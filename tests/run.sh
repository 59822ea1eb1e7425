#!/bin/bash
# SPDX-License-Identifier: MIT
# Run test programs one after another and count what they say of themselves.
#
#   tests/run.sh LOGDIR PROGRAM[@ARG]... ...
#
# RUN='qemu-aarch64 -cpu max' lets that start each program.
#
# Understood: CMocka's summary, lines "ok - NAME" and "not ok - NAME", and our own closing line, so
# that this script nests. A program that fails without saying so, or tests nothing, is one failure.
#
# How long a program takes depends on what else the machine does, so no limit is on that. It hangs
# when it has said nothing for TEST_TIMEOUT seconds, or never stops talking. While it does talk,
# this script does as well, each minute, for who runs it has such a limit too: in a VM this is the
# shortest, then that of tests/vm/limits.sh, then this one outside, so that the name comes through.
set -u

log_dir=$1
shift
mkdir -p "$log_dir"
passed=0 failed=0 skipped=0
limit=${TEST_TIMEOUT:-900}
[ -z "${UBVM:-}" ] || limit=${TEST_TIMEOUT:-600}
most=$((20 * limit))

# Prints "passed failed skipped" of a log.
count() {
    awk '
        /^\[  PASSED  \] [0-9]+ test/ { p += $4 }
        /^\[  FAILED  \] [0-9]+ test/ { f += $4 }
        /^\[  SKIPPED \] [0-9]+ test/ { s += $4 }
        /^ok - .*# SKIP/ { s++; next }
        /^ok - / { p++ }
        /^not ok - / { f++ }
        /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; s += $5 }
        END { print p + 0, f + 0, s + 0 }
    ' "$1"
}

# pause SECONDS, without a process that outlives whoever pauses.
exec {never}<> <(:)
pause() { read -r -t "$1" -u "$never" || true; }

# Whatever started with the program ends with it.
program=''
end_program() {
    kill -TERM -- "-$program" 2> /dev/null || return
    pause 5
    kill -KILL -- "-$program" 2> /dev/null
}
trap '[ -z "$program" ] || end_program; exit 130' INT
trap '[ -z "$program" ] || end_program; exit 143' TERM

# watch NAME LOG: ends the program once it hangs.
watch() {
    local name=$1 log=$2 size=0 now start=$SECONDS heard=$SECONDS told=$SECONDS
    while pause 1; do
        now=$(stat -c %s "$log")
        if ((now != size)); then
            size=$now heard=$SECONDS
            ((SECONDS - told < 60)) || { told=$SECONDS && echo "# $name goes on"; }
        fi
        if ((SECONDS - heard >= limit)); then
            echo "timed out: it said nothing for $limit s" >> "$log"
        elif ((SECONDS - start >= most)); then
            echo "timed out after $most s" >> "$log"
        else
            continue
        fi
        trap '' TERM
        end_program
        return 0
    done
}

# run_watched NAME LOG COMMAND...: its status, or 124 if it had to be ended.
run_watched() {
    local name=$1 log=$2 watcher status
    shift 2
    : > "$log"
    # setsid becomes the program, which leads a group of its own.
    # shellcheck disable=SC2086 # words of a command
    setsid ${RUN:-} "$@" >> "$log" 2>&1 < /dev/null {never}>&- &
    program=$!
    watch "$name" "$log" &
    watcher=$!
    wait "$program" 2> /dev/null
    status=$?
    program=''
    # Who has ended the program has come to its own end.
    kill "$watcher" 2> /dev/null
    wait "$watcher" 2> /dev/null && status=124
    return "$status"
}

run_one() {
    local name=$1 log p f s status start took
    log=$log_dir/$name.log
    start=$SECONDS
    run_watched "$name" "$log" "${@:2}"
    status=$?
    took=$((SECONDS - start))
    read -r p f s < <(count "$log")
    if ((status == 124 || (status != 0 && f == 0))) || ((p + f + s == 0)); then
        f=$((f + 1))
        echo "exit status $status" >> "$log"
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if ((f > 0)); then
        echo "FAIL  $name: $p passed, $f failed, $s skipped in $took s; $log says:"
        grep -E '^not ok|FAILED|ERROR|error:|Sanitizer|exit status|timed out' "$log" | head -n 40 |
            sed 's/^/      /'
        tail -n 15 "$log" | sed 's/^/      | /'
    else
        echo "PASS  $name: $p passed, $s skipped in $took s"
        grep -E '# SKIP|^\[  SKIPPED \]' "$log" | sed 's/^/      /'
    fi
}

for entry in "$@"; do
    IFS=@ read -r -a words <<< "$entry"
    name=$(basename "${words[0]}")
    [ ${#words[@]} -gt 1 ] && name+=-$(tr -c 'a-zA-Z0-9\n' '_' <<< "${words[*]:1}")
    run_one "$name" "${words[@]}"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
