# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the tests of ubvm: where it is, how one runs, what it left.
set -u
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/check.sh
. tests/check.sh
ubvm=$PWD/qemu_device/ubvm
dir=$(mktemp -d)
# Folders of runs, to see what is left of them.
export TMPDIR=$dir/tmp
mkdir "$TMPDIR"
trap 'rm -rf "$dir"' EXIT

# run OPTION...: with its output in $dir/out and $dir/err.
run() { "$ubvm" run --devices 0 "$@" > "$dir/out" 2> "$dir/err"; }

# ended STATUS [TEXT]: what run just did ended so, and said so.
ended() {
    local status=$? text=${2:-}
    [ "$status" = "$1" ] && { [ -z "$text" ] || grep -q -- "$text" "$dir/err"; } && return 0
    echo "exit status $status, not $1${text:+, or nothing said of: $text}"
    cat "$dir/err"
    return 1
}

nothing_left() {
    [ -z "$(ls -A "$TMPDIR")" ] && ! pgrep -f "path=$TMPDIR" > /dev/null && return
    ls -lR "$TMPDIR"
    pgrep -af "path=$TMPDIR"
    return 1
}

# until_true SECONDS COMMAND...: a limit that only a failing test meets.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
