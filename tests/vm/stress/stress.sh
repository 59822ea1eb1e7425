#!/bin/bash
# SPDX-License-Identifier: MIT
# Boots a VM with two devices, lets tests/vm/stress/stress.cpp have it, and unplugs and plugs
# devices by QEMU's monitor when it asks for that. The blows that were struck must be those of the
# seed's plan.
#
#   stress.sh rounds|minutes N [SEED]
set -u
cd "$(dirname "$0")/../../.." || exit
unit=$1 amount=$2 seed=${3:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
stress=build/tests/vm/stress
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# Time to look at everything, on a machine that does much else.
limit=$((14400 + amount * 600))

echo "# make stress SEED=$seed repeats the blows"
mkfifo "$dir/monitor.in" "$dir/monitor.out"
: > "$dir/out"
qemu_device/ubvm run --devices 2 --hotplug --timeout "$limit" --idle-timeout 750 \
    --qemu-arg -monitor --qemu-arg "pipe:$dir/monitor" -- \
    "$stress" "$seed" "$unit" "$amount" > "$dir/out" 2>&1 &
ubvm=$!
cat "$dir/monitor.out" > "$dir/said" &
reader=$!
exec {monitor}<> "$dir/monitor.in"

serve() {
    local word device n
    while read -r word device; do
        case $word in
            unplug) echo "device_del $device" >&"$monitor" ;;
            plug)
                # The guest lets go of the slot a moment after the device is gone.
                sleep 2
                n=${device#ub}
                echo "device_add ubnpu,id=$device,bus=port$n,guid-sequence=$((n + 1))" >&"$monitor"
                ;;
            *) echo "$word $device" ;;
        esac
    done
}

serve < <(tail -q -s 0.1 -c +1 -f --pid="$ubvm" "$dir/out")
wait "$ubvm"
status=$?
kill "$reader" 2> /dev/null
wait "$reader" 2> /dev/null
exec {monitor}>&-

as_planned() {
    local number
    number=$(grep -c '^# blow ' "$dir/out")
    [ "$number" -gt 0 ] && cmp <(grep '^# blow ' "$dir/out") <("$stress" "$seed" plan "$number")
}
. tests/check.sh
check the_vm_and_its_kernel_were_quiet [ "$status" = 0 ]
check the_seed_repeats_the_blows as_planned
[ "$failed" = 0 ] || { echo "exit status $status; the monitor said:"; tail -n 20 "$dir/said"; }
exit "$failed"
