# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# Sourced by the tool's tests: they run from the tree's top, with a folder of their own, $dir.
cd "$(dirname "$0")/../.." || exit 1
ubctl=build/ubctl
here=tests/cli
dir=$(mktemp -d)
docs=$dir/docs
mkdir "$docs"
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/check_quiet.sh
. tests/check_quiet.sh

# Ends with this exit status, and an error of this code (UB-E..) or errno (E..).
fails() {
    local status=$1 word=$2 got
    shift 2
    "$@" > "$dir/stdout" 2> "$dir/err"
    got=$?
    cat "$dir/err"
    [ "$got" = "$status" ] && grep -q "\[\(.*, \)\?$word\(, .*\)\?\]\$" "$dir/err"
}

# What differs from run to run: times, rates, and counts that depend on who was faster.
mask() {
    sed -E -e "s|$dir/||g" \
        -e 's/^(time|rate|commands\/s|GFlop\/s|waits|doorbells|doorbells saved) +.*/\1 #/' \
        -e 's/^( *(skip|pass|fail|[a-z0-9_]+ +(pass|skip|fail))) +[0-9.]+ (ns|us|ms|s)\b/\1 #/' \
        -e 's/("(elapsed_ns|[a-z]+_per_s|waits|doorbells[a-z_]*)": )[0-9.e+]+/\1#/' \
        -e 's/^(CHECK +RESULT) +TIME +DETAIL/\1 TIME DETAIL/' \
        -e 's/^(ubctl|libub) +[0-9.]+$/\1 #/; s/^driver loaded .*/driver loaded #/' \
        -e 's/("driver_version": ).*,/\1#,/; s/(info\{version=")[^"]*/\1#/'
}

run_golden() {
    local name=$1 status
    shift
    "$ubctl" "$@" > "$dir/out" 2> "$dir/err" < /dev/null
    status=$?
    { cat "$dir/out"; echo "--- stderr"; cat "$dir/err"; echo "--- exit $status"; } |
        mask > "$dir/golden"
    [ -z "${UPDATE:-}" ] || cp "$dir/golden" "$here/golden/$name"
    diff -u "$here/golden/$name" "$dir/golden"
}
golden() { check "golden_$1" run_golden "$@"; }

# JSON on standard output, of the schema it names, with nothing on standard error. Documents are
# kept and validated together at the end.
run_json() {
    local schema=$1 file=$2 status
    shift 2
    "$ubctl" -o json "$@" > "$file" 2> "$dir/err" < /dev/null
    status=$?
    cat "$dir/err"
    [ "$status" = 0 ] && [ ! -s "$dir/err" ] && grep -q "^  \"schema\": \"$schema\",$" "$file"
}
json() {
    local name
    name=json_$(tr -c 'a-z0-9\n' '_' <<< "${*:2}" | sed "s/_tmp_[a-z0-9_]*//")
    check "$name" run_json "$1" "$docs/$name.json" "${@:2}"
}

# Exit status, nothing on standard output, one error line with code and errno, at most one hint;
# the same failure as JSON.
run_error() {
    local file=$1 status=$2 code=$3 got
    shift 3
    "$ubctl" "$@" > "$dir/out" 2> "$dir/err" < /dev/null
    got=$?
    cat "$dir/err"
    [ "$got" = "$status" ] || { echo "exit status $got"; return 1; }
    [ ! -s "$dir/out" ] && [ "$(grep -c '^ubctl: ' "$dir/err")" = 1 ] &&
        [ "$(grep -vc '^ubctl: \|^hint: ' "$dir/err")" = 0 ] &&
        grep -Eq "^ubctl: .*: .* \[$code, E[A-Z0-9]+\]$" "$dir/err" || return 1
    "$ubctl" "$@" -o json > "$dir/out" 2> "$file" < /dev/null
    got=$?
    cat "$file"
    [ "$got" = "$status" ] && [ ! -s "$dir/out" ] &&
        grep -q "\"exit_code\": $status\$" "$file" && grep -q "\"code\": \"$code\",\$" "$file"
}
error() {
    local name=$1
    shift
    check "error_$name" run_error "$docs/error_$name.json" "$@"
}

soft=(-d soft:)
