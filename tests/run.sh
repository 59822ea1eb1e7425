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
set -u

log_dir=$1
shift
mkdir -p "$log_dir"
passed=0 failed=0 skipped=0
limit=${TEST_TIMEOUT:-900}

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

run_one() {
    local name=$1 program=$2 log p f s status start took
    shift 2
    log=$log_dir/$name.log
    start=$SECONDS
    timeout --kill-after=10 "$limit" ${RUN:-} "$program" "$@" > "$log" 2>&1 < /dev/null
    status=$?
    took=$((SECONDS - start))
    read -r p f s < <(count "$log")
    if ((status == 124)); then
        echo "timed out after $limit s" >> "$log"
    fi
    if ((status != 0 && f == 0)) || ((p + f + s == 0)); then
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
