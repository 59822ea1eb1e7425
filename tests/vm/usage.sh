#!/bin/bash
# SPDX-License-Identifier: MIT
# How busy devices are, in a VM with two: counters of the driver, fdinfo, stat, and top in a real
# terminal. For root.
set -u
cd "$(dirname "$0")/../.." || exit
dir=$(mktemp -d)
chmod 755 "$dir"
. tests/check_quiet.sh
ubctl=$PWD/build/ubctl
users=()
export TMUX_TMPDIR=$dir LC_ALL=C.UTF-8
trap 'kill "${users[@]}" 2> /dev/null; tmux kill-server 2> /dev/null; rm -rf "$dir"' EXIT

as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
# Waits for a condition; a test that fails pays a minute. So does what needs a process to run in an
# interval: the machine may be busy.
until_true() {
    for _ in $(seq 200); do
        "$@" > /dev/null 2>&1 && return 0
        sleep 0.3
    done
    return 1
}

# ---- counters ----------------------------------------------------------------------------------
has_queues() { [ "$("$ubctl" --no-header -d "$1" queue list | wc -l)" -ge 2 ]; }
start_user() {
    "$ubctl" -d "$1" submit nop -n 1000000000 --depth 8 > "$dir/user" 2>&1 &
    users+=($!)
    until_true has_queues "$1"
}
busy_ns() { cat "/sys/class/ubnpu/$1/stats/busy_ns"; }
grows() { [ "$(busy_ns ub0)" -gt "$1" ]; }
check start_user start_user ub0
pid=${users[0]}
check busy_time_grows until_true grows "$(busy_ns ub0)"
check other_device_stands_still test "$(busy_ns ub1)" = 0

# The context's descriptor of a process.
fdinfo() { grep -l drm-driver "/proc/$1/fdinfo/"* 2> /dev/null | head -n 1; }
fdinfo_is_in_the_grammar() {
    local file line
    file=$(fdinfo "$pid")
    cat "$file"
    for line in 'drm-driver:	ubnpu' 'drm-pdev:	[0-9a-f]\{4\}:[0-9a-f:.]*' \
        'drm-client-id:	[1-9][0-9]*' 'drm-engine-npu:	[1-9][0-9]* ns' \
        'drm-engine-capacity-npu:	[1-9][0-9]*' 'drm-total-memory:	[1-9][0-9]* KiB' \
        'drm-shared-memory:	0' 'drm-resident-memory:	[1-9][0-9]* KiB' \
        'ubnpu-commands:	[1-9][0-9]*' 'ubnpu-bytes:	0' 'ubnpu-errors:	0'; do
        grep -qx "$line" "$file" || { echo "missing: $line"; return 1; }
    done
}
check fdinfo_is_in_the_grammar fdinfo_is_in_the_grammar

# ---- stat --------------------------------------------------------------------------------------
two_lines() {
    "$ubctl" stat -d ub0 0.2 2 > "$dir/out" && cat "$dir/out" &&
        [ "$(grep -c '^[0-9:]* ub0 ' "$dir/out")" = 2 ] && [ "$(wc -l < "$dir/out")" = 3 ]
}
check stat_gives_as_many_lines_as_asked two_lines
is_busy() { [ "$(awk '$2 == "'"$1"'" { print ($3 > 0 && $4 != "0") }' "$dir/out")" = 1 ]; }
of_all() {
    "$ubctl" --no-header stat 0.5 1 > "$dir/out" && cat "$dir/out" && is_busy ub0 && ! is_busy ub1
}
check stat_tells_which_device_is_busy until_true of_all
by_context() {
    "$ubctl" --no-header stat 0.5 1 --by context > "$dir/out" && cat "$dir/out" &&
        [ "$(wc -l < "$dir/out")" = 1 ] && grep -q ' ub0/[0-9]* ' "$dir/out"
}
check stat_by_context by_context
by_queue() {
    "$ubctl" --no-header stat 0.5 1 --by queue > "$dir/out" && cat "$dir/out" &&
        grep -q ' ub0/[0-9]*/jfs[0-9]* ' "$dir/out" && grep -q ' ub0/[0-9]*/jfc[0-9]* ' "$dir/out"
}
check stat_by_queue by_queue
# The row names the process, its user and a rate; a JSON document a line.
as_json() {
    "$ubctl" -o json stat 0.2 2 --by context > "$dir/out" && cat "$dir/out" &&
        [ "$(grep -c '^{"schema":"ub.usage/1",.*"pid":'"$pid"',"uid":0,"comm":"ubctl"' \
            "$dir/out")" = 2 ] && grep -q '"p99_ns":[1-9]' "$dir/out"
}
check stat_as_json until_true as_json
strangers_see_devices_alone() {
    as_nobody "$ubctl" -o json top --once --interval 0.2 > "$dir/out" && cat "$dir/out" &&
        [ "$(grep -c '"kind": "device"' "$dir/out")" = 2 ] &&
        ! grep -q '"kind": "context"\|"kind": "queue"\|"pid": [0-9]' "$dir/out"
}
check strangers_see_devices_alone strangers_see_devices_alone

# ---- export --------------------------------------------------------------------------------------
metric() { awk -v name="$1" '$1 == name { print $2 }' "$dir/metrics"; }
exported() {
    "$ubctl" export prometheus "$dir/metrics" --contexts && cat "$dir/metrics" &&
        [ "$(metric 'ubnpu_ready{device="ub0"}')" = 1 ] &&
        [ "$(metric 'ubnpu_contexts{device="ub0"}')" = 1 ] &&
        [ "$(metric 'ubnpu_faults_total{device="ub1",kind="hangs"}')" = 0 ] &&
        [ "$(metric 'ubnpu_commands_total{device="ub1"}')" = 0 ] &&
        grep -q '^ubnpu_commands_total{device="ub0"} [1-9]' "$dir/metrics" &&
        grep -q "^ubnpu_context_busy_seconds_total{.*pid=\"$pid\",comm=\"ubctl\"} [0-9]" \
            "$dir/metrics" && grep -q '^ubnpu_context_service_seconds_bucket{.*le="+Inf"} [1-9]' \
            "$dir/metrics"
}
check metrics_are_exported exported
if command -v promtool > /dev/null; then
    promtool_takes_them() { promtool check metrics < "$dir/metrics"; }
    check promtool_takes_them promtool_takes_them
else
    echo "ok - promtool_takes_them # SKIP needs promtool, of the package prometheus"
fi

# ---- top in a terminal -------------------------------------------------------------------------
pane() { tmux capture-pane -p -t top; }
shows() { pane | grep -q -- "$1"; }
shows_not() { ! shows "$1"; }
keys() { tmux send-keys -t top "$@"; }
start_top() {
    tmux -f /dev/null new-session -d -s top -x 80 -y 24 "$*; echo it is over; sleep 1000" &&
        until_true shows 'ubctl top: devices'
}
end_top() { tmux kill-session -t top; }
# The screen as it is, for a test that failed.
on_screen() { until_true "$@" || { pane; return 1; }; }

check top_starts start_top "$ubctl top --interval 0.3"
check top_shows_a_busy_device on_screen shows '^ub0  *\[|*.*[0-9]'
check top_fits_80_columns test "$(pane | awk '{ if (length > most) most = length }
    END { print most }')" -le 80
keys Enter
check top_goes_into_a_device on_screen shows 'contexts of ub0'
check top_names_the_process on_screen shows "$pid ubctl"
keys Enter
check top_goes_into_a_context on_screen shows 'jfs [0-9].*ubctl'
keys BSpace BSpace
check top_comes_out_again on_screen shows 'ubctl top: devices '
keys '?'
check top_has_help on_screen shows 'Keys of ubctl top'
keys x
check top_leaves_help on_screen shows_not 'Keys of ubctl top'
keys '>'
check top_sorts_by_another_column on_screen shows 'by commands'
keys / n o n e Enter
check top_filters on_screen shows 'nothing to show'
keys / Escape
check top_ends_a_filter on_screen shows '^ub1 '
tmux resize-window -t top -x 120 -y 10
check top_grows_with_its_terminal on_screen shows 'PINNED'
tmux resize-window -t top -x 40 -y 5
check top_shrinks_with_its_terminal on_screen shows_not 'PINNED'
tmux resize-window -t top -x 80 -y 24
address=$(basename "$(readlink -f /sys/class/ubnpu/ub1/device)")
echo "$address" > /sys/bus/pci/drivers/ubnpu/unbind
check top_sees_a_device_go on_screen shows_not '^ub1 '
echo "$address" > /sys/bus/pci/drivers/ubnpu/bind
check top_sees_a_device_come on_screen shows '^ub1 '
keys q
check top_ends on_screen shows "^it is over"
check top_leaves_the_terminal_as_it_was on_screen shows_not 'h: help'
end_top
check top_starts_without_colour start_top "NO_COLOR=1 $ubctl top"
colourless() { ! tmux capture-pane -e -p -t top | grep -q $'\033\[[0-9;]*3[0-7]m'; }
check top_has_no_colour colourless
keys C-c
check top_is_ended_by_a_signal on_screen shows_not "ubctl top:"
end_top
check start_coloured start_top "TERM=screen-256color $ubctl top"
coloured() { tmux capture-pane -e -p -t top | grep -q $'\033\[[0-9;]*36'; }
check top_has_colour on_screen coloured
end_top
no_terminal() {
    "$ubctl" top < /dev/null > "$dir/out" 2> "$dir/err"
    [ $? = 2 ] && grep -q 'no terminal.*UB-E0200' "$dir/err" && grep -q 'hint:.*--once' "$dir/err"
}
check top_wants_a_terminal no_terminal

# ---- what goes ---------------------------------------------------------------------------------
"$ubctl" -q device reset ub0 --force
wait "$pid" 2> /dev/null
total=$(busy_ns ub0)
check busy_time_survives_a_reset test "$total" -gt 0
start_user ub0
lost_contexts_have_no_usage() {
    local file
    "$ubctl" -q device reset ub0 --force
    "$ubctl" -o json top --once --interval 0.2 > "$dir/out" && cat "$dir/out" &&
        ! grep -q '"kind": "queue"' "$dir/out"
}
check lost_contexts_have_no_usage lost_contexts_have_no_usage
exit $failed
