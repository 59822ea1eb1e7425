#!/bin/bash
# SPDX-License-Identifier: MIT
# A device in containers, in the VM: podman as it comes, with its seccomp profile and its set of
# capabilities; the node is passed in, the tool lies where it lies here.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh
ubctl=$PWD/build/ubctl dir=$(mktemp -d)
box=$dir/box
mkdir -p "$box$PWD" "$box"/{usr,proc,sys,dev,tmp,etc,run,var/tmp} "$dir/out"
for link in bin sbin lib lib64; do ln -s "usr/$link" "$box/$link"; done
chmod 755 "$dir"
chmod 777 "$dir/out"
chmod 666 /dev/ub/ub0
head -c 5000001 /dev/urandom > "$dir/out/in"
chmod 644 "$dir/out/in"

cgroups() {
    mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
    echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
}
# container PODMAN_OPTION... -- COMMAND...
container() {
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    [[ "${options[*]}" = *--network* ]] || options+=(--network none)
    podman --root "$dir/store" --runroot "$dir/run" --storage-driver vfs \
        --cgroup-manager cgroupfs --events-backend none run --rm \
        --device /dev/ub/ub0 -v /usr:/usr:ro -v "$PWD:$PWD:ro" -v "$dir/out:/out" -w "$PWD" \
        "${options[@]}" --rootfs "$box" "$@"
}
compact() { tr -d ' \n'; }
users=(--uidmap 0:100000:65536 --gidmap 0:100000:65536)

# The whole of what a user does, and that podman did confine it.
works() {
    container "$@" -- sh -euc '
        grep -q "^Seccomp:.2" /proc/self/status
        build/ubctl list | grep -q "^ub0 .* allowed"
        build/ubctl -q -d ub0 submit copy /out/in /out/copy
        cmp /out/in /out/copy
        rm /out/copy
        exec build/ubctl -d ub0 selftest' > "$dir/works" 2>&1 || { cat "$dir/works"; return 1; }
}

# A program of the host holds a context.
start_host_program() {
    build/tests/vm/hog ub0 > "$dir/hog" &
    hog=$!
    for _ in $(seq 600); do
        grep -q ready "$dir/hog" && break
        sleep 0.1
    done
    tid=$("$ubctl" -o json context list | compact | grep -o '"tid":[0-9]*' | tr -dc 0-9)
    [ -n "$tid" ]
}
end_host_program() {
    kill -9 $hog 2> /dev/null
    wait $hog 2> /dev/null
    return 0
}

# Whose process is outside of the container has no number there; on the host it has.
outsiders_have_no_pid() {
    start_host_program || return 1
    "$ubctl" -o json context list | compact | grep -q "\"pid\":$hog," || return 1
    container -- sh -euc 'build/ubctl --no-header context list
        build/ubctl -o json context list; build/ubctl -o json queue list' > "$dir/list" || return 1
    end_host_program
    ! compact < "$dir/list" | grep -q '"pid":[0-9]' &&
        compact < "$dir/list" | grep -q '"pid":null' && grep -qE "^ub0 +$tid +- " "$dir/list"
}

outsiders_have_no_uid() {
    start_host_program || return 1
    container "${users[@]}" -- build/ubctl -o json context list > "$dir/list" || return 1
    end_host_program
    ! compact < "$dir/list" | grep -qE '"(uid|pid)":[0-9]'
}

own_pid_is_known() {
    container --ulimit memlock=-1:-1 -- sh -c 'build/tests/vm/hog ub0 > /tmp/hog &
        for _ in $(seq 600); do grep -q ready /tmp/hog && break; sleep 0.1; done
        build/ubctl -o json context list; echo "hog $!"; kill -9 $!' > "$dir/list" || return 1
    compact < "$dir/list" | grep -q "\"pid\":$(sed -n 's/^hog //p' "$dir/list"),"
}

# events_in PODMAN_OPTION...: what monitor says when a context of the host's is reset, and then the
# device.
events_in() {
    local watcher
    rm -f "$dir/out/events"
    start_host_program || return 1
    container "$@" -- sh -c 'exec build/ubctl -o json monitor -n 2 > /out/events' &
    watcher=$!
    for _ in $(seq 600); do
        grep -q present "$dir/out/events" 2> /dev/null && break
        sleep 0.1
    done
    "$ubctl" -q device reset ub0 --scope context --tid "$tid" --force
    end_host_program
    "$ubctl" -q device reset ub0 --force
    wait $watcher
}
# Told in a network namespace of its own: what happened, not to whom.
events_come_in() {
    events_in "$@" && cat "$dir/out/events" &&
        grep -q '"event":"reset","device":"ub0",.*"scope":"context","tid":null,.*"comm":null' \
            "$dir/out/events" && grep -q '"event":"device"\|"scope":"device"' "$dir/out/events"
}
# An administrator in the host's network namespace is told the whole, but for a number that means
# nothing here.
events_of_the_host() {
    events_in --network host --cap-add net_admin && cat "$dir/out/events" &&
        grep -q "\"scope\":\"context\",\"tid\":$tid,.*\"pid\":null,\"comm\":\"hog\"" \
            "$dir/out/events"
}

reset_is_the_hosts() {
    container -- build/ubctl device reset ub0 > "$dir/said" 2>&1
    [ $? = 4 ] && grep -q 'CAP_NET_ADMIN' "$dir/said" && ! grep -q sudo "$dir/said"
}

command -v podman > /dev/null || {
    echo "ok - containers # SKIP needs podman"
    exit 0
}
cgroups
check container_works works
check container_with_little_memory_to_lock works --ulimit memlock=65536:65536
check container_with_users_of_its_own works "${users[@]}"
# A capability of a user namespace is none of the system's.
check container_with_a_capability_of_its_own works "${users[@]}" --cap-add ipc_lock \
    --ulimit memlock=65536:65536
check container_sees_its_own_pid own_pid_is_known
check container_sees_no_pid_of_outsiders outsiders_have_no_pid
check container_sees_no_uid_of_outsiders outsiders_have_no_uid
check container_is_told_events events_come_in
check container_with_users_of_its_own_is_told_events events_come_in "${users[@]}"
check container_on_the_hosts_network_is_told_events events_come_in --network host
check container_of_an_administrator_is_told_whose_they_are events_of_the_host
check container_may_not_reset reset_is_the_hosts
rm -rf "$dir"
exit $failed
