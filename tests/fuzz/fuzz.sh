#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the core's fuzzers, keep account, report.
#
#   fuzz.sh run DIR SECONDS NAME...      inputs found go to DIR/corpus/NAME, account to DIR/NAME.log
#   fuzz.sh report DIR NAME...
#   fuzz.sh minimise DIR NAME...         into tests/fuzz/corpus/NAME
set -euo pipefail

command=$1 dir=$2
shift 2
export ASAN_OPTIONS=detect_stack_use_after_return=0:allocator_may_return_null=1
here=tests/fuzz

run_one() {
    local name=$1 seconds=$2 status=0
    mkdir -p "$dir/corpus/$name" "$dir/crashes" "$here/corpus/$name"
    nice "$dir/fuzz-$name" -max_total_time="$seconds" -max_len=2048 -len_control=0 -detect_leaks=0 \
        -timeout=60 -rss_limit_mb=4096 \
        -dict="$here/dictionary" -print_final_stats=1 -artifact_prefix="$dir/crashes/$name-" \
        "$dir/corpus/$name" "$here/corpus/$name" > "$dir/$name.out" 2>&1 || status=$?
    awk -v s="$seconds" '/number_of_executed_units/ { print s, $NF }' "$dir/$name.out" \
        >> "$dir/$name.log"
    if [ "$status" != 0 ]; then
        tail -n 40 "$dir/$name.out"
        echo "fuzz-$name ended with status $status; the input is in $dir/crashes" >&2
    fi
    return "$status"
}

report_one() {
    local name=$1
    "$dir/fuzz-$name" -runs=0 "$here/corpus/$name" $([ ! -d "$dir/corpus/$name" ] ||
        echo "$dir/corpus/$name") \
        > "$dir/$name.cov" 2>&1
    awk -v name="$name" '
        FNR == NR { seconds += $1; units += $2; next }
        /inline 8-bit counters/ { match($0, /\([0-9]+ inline/); edges = substr($0, RSTART + 1) + 0 }
        / cov: / { match($0, /cov: [0-9]+/); cov = substr($0, RSTART + 5) + 0 }
        END { printf "%-8s %8d s %12d executions   edges %d of %d (%.1f %%)\n",
            name, seconds, units, cov, edges, edges ? 100 * cov / edges : 0 }
    ' <(cat "$dir/$name.log" 2> /dev/null || true; echo 0 0) "$dir/$name.cov"
}

minimise_one() {
    local name=$1
    rm -rf "$dir/min-$name"
    mkdir -p "$dir/min-$name" "$here/corpus/$name"
    "$dir/fuzz-$name" -set_cover_merge=1 -use_counters=0 -max_len=1024 "$dir/min-$name" \
        "$here/corpus/$name" "$dir/corpus/$name" \
        > "$dir/$name.merge" 2>&1
    find "$here/corpus/$name" -type f ! -name 'bug-*' -delete
    cp "$dir/min-$name"/* "$here/corpus/$name/"
}

case $command in
    run)
        seconds=$1
        shift
        status=0
        for name in "$@"; do
            run_one "$name" "$seconds" || status=1
        done
        "$0" report "$dir" "$@"
        exit "$status" ;;
    report) for name in "$@"; do report_one "$name"; done ;;
    minimise) for name in "$@"; do minimise_one "$name"; done ;;
    *) echo "fuzz.sh: unknown command $command" >&2; exit 2 ;;
esac
