# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154
# What ubvm is told: options, and whether they make sense. Sourced; uses die and usage.

devices=1 smp=2 mem=2G kernel=${UBVM_KERNEL:-} append='' timeout=600 idle_timeout='' module=1
warnings=0 hotplug=0 gdb='' fabric='' device_args='' qemu_args=() command=()

parse() {
    while [ $# -gt 0 ]; do
        case $1 in
            --devices | --device-arg | --fabric | --smp | --mem | --kernel | --append | \
                --qemu-arg | --timeout | --idle-timeout)
                [ $# -ge 2 ] || die 2 "$1 wants a value"
                ;;&
            --devices) devices=$2; shift 2 ;;
            --device-arg) device_args+=",$2"; shift 2 ;;
            --fabric) fabric=$2; shift 2 ;;
            --smp) smp=$2; shift 2 ;;
            --mem) mem=$2; shift 2 ;;
            --kernel) kernel=$2; shift 2 ;;
            --append) append+=" $2"; shift 2 ;;
            --qemu-arg) qemu_args+=("$2"); shift 2 ;;
            --timeout) timeout=$2; shift 2 ;;
            --idle-timeout) idle_timeout=$2; shift 2 ;;
            --hotplug) hotplug=1; shift ;;
            --no-module) module=0; shift ;;
            --allow-warnings) warnings=1; shift ;;
            --gdb) gdb=1234; shift ;;
            --gdb=*) gdb=${1#*=}; shift ;;
            --help | -h) usage; done_with 0 ;;
            --) shift; command=("$@"); return ;;
            -*) die 2 "unknown option $1; see ubvm help" ;;
            *) command=("$@"); return ;;
        esac
    done
}

# check_number NAME LEAST MOST: of the variable and option of that name. What it leaves is decimal
# to bash as well.
check_number() {
    local name=$1 option=--${1//_/-} value=${!1}
    [[ $value =~ ^[0-9]{1,9}$ ]] && ((10#$value >= $2 && 10#$value <= $3)) ||
        die 2 "$option $value: wants a number from $2 to $3"
    printf -v "$name" %d "$((10#$value))"
}

# A kernel unpacks itself at once into less than this; with less it hangs or never starts.
least_mib=256

# More than the machine has would have QEMU or its neighbours killed; the default is for any.
check_memory() {
    local mib most
    most=$(awk '/^(Mem|Swap)Total:/ { n += $2 } END { print int(n / 1024) }' /proc/meminfo)
    ((most >= 2048)) || most=2048
    [[ $mem =~ ^([0-9]{1,9})([MG]?)$ ]] || die 2 "--mem $mem: wants a number with M or G"
    mib=$((10#${BASH_REMATCH[1]}))
    [ "${BASH_REMATCH[2]}" != G ] || mib=$((mib * 1024))
    ((mib >= least_mib && mib <= most)) ||
        die 2 "--mem $mem: wants from ${least_mib}M to what this machine has, ${most}M"
    mem=${mib}M
}

check_options() {
    check_number devices 0 32
    check_number smp 1 255
    check_number timeout 1 999999999
    [ -z "$idle_timeout" ] || check_number idle_timeout 1 999999999
    [ -z "$gdb" ] || { [[ $gdb =~ ^[0-9]{1,5}$ ]] && ((10#$gdb >= 1 && 10#$gdb <= 65535)); } ||
        die 2 "--gdb=$gdb: not a port"
    check_memory
    [ -z "$fabric" ] || [ -d "$fabric" ] ||
        die 2 "--fabric $fabric: no such folder; make it, with rights for those who may join"
    case ${UBVM_ACCEL:-} in
        '' | kvm | tcg) ;;
        *) die 2 "UBVM_ACCEL=$UBVM_ACCEL: there are kvm and tcg" ;;
    esac
}
