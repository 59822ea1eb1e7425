#!/bin/bash
# SPDX-License-Identifier: MIT
# Does abi-check see what it is for? Copies of this tree, one with everything broken that may not
# be, one with additions alone, each compared with the last commit.
#
#   test.sh OUT
set -u
cd "$(dirname "$0")/../.." || exit 1
mkdir -p "$1"
out=$(realpath "$1")
GIT_DIR=$(realpath "$(git rev-parse --git-common-dir)")
head=$(git rev-parse HEAD)
export GIT_DIR
failed=0

# The last commit's files with this tree's check.
copy() {
    rm -rf "${out:?}/$1"
    mkdir -p "$out/$1/packaging/abi"
    git archive "$head" | tar -C "$out/$1" -x
    cp packaging/abi/* "$out/$1/packaging/abi/"
    cd "$out/$1" || exit 1
}

# edit FILE SED: which must change something.
edit() {
    cp "$1" "$out/before"
    sed -E -i "$2" "$1"
    ! cmp -s "$1" "$out/before" || { echo "not ok - the edit of $1 does nothing: $2"; failed=1; }
}

says() {
    if grep -qE -- "$2" "$out/said"; then
        echo "ok - $1"
    else
        echo "not ok - $1: nothing like: $2"
        failed=1
    fi
}

check() {
    packaging/abi/check.sh "$out/abi" "$head" > "$out/said" 2>&1
    status=$?
    if [ "$status" = "$1" ]; then
        echo "ok - $2"
    else
        echo "not ok - $2: status $status"
        sed 's/^/# /' "$out/said"
        failed=1
    fi
}

broken() (
    copy broken
    edit libub/libub.map 's/^\s*ub_guid_str;//'
    edit libub/include/ub/ub_context.h '/^struct ub_seg_cfg/,/^}/s/(.*)access;/\1more;\n&/'
    edit libub/include/ub/ub_queue.h 's/UB_DOOR_IOCTL = 1/UB_DOOR_IOCTL = 2/'
    edit kmod/uapi/ub.h '/^struct ub_ioc_set_token/,/^}/s/(.*token_id;)/\t__u32 more;\n\1/'
    edit kmod/uapi/ub_event.h '/^struct ub_status_page/,/^}/s/^}/\t__u32 more;\n}/'
    edit kmod/uapi/ub_event.h 's/(define UB_MMAP_STATUS\s+)0ull/\14096ull/'
    edit kmod/uapi/ub.h 's/(UB_IOC_REAP.*)0x21/\10x51/'
    edit kmod/uapi/ub_hw_device.h 's/(define UB_HW_VERSION\s+)0x0001/\10x0002/'
    check 1 incompatible_changes_fail
    says function_gone "ub_guid_str"
    says member_of_the_library "ub_seg_cfg"
    says enumerator_of_other_value "UB_DOOR_IOCTL' from value '1' to '2'"
    says member_in_between "ub_ioc_set_token"
    says member_at_the_end_of_what_does_not_tell_its_size "ub_status_page"
    says macro_of_other_value 'macro UB_MMAP_STATUS: incompatible: was 0x0, is 0x1000'
    says ioctl_of_other_number 'macro UB_IOC_REAP: incompatible'
    says major_version_of_the_device 'macro UB_HW_VERSION: incompatible'
    exit $failed
)

# A function with its version, an ioctl, a structure that grows, enumerators and a macro.
grown() (
    copy grown
    printf 'UB_1.1 {\n\tglobal:\n\t\tub_abi_test;\n} UB_1.0;\n' >> libub/libub.map
    edit libub/include/ub/ub_context.h \
        's/^UB_API.* \*ub_version.*/&\nUB_API int ub_abi_test(void);/'
    printf '#include <ub/ub.h>\nint ub_abi_test(void) { return 1; }\n' > libub/src/abi_test.cpp
    edit kmod/uapi/ub.h '/^struct ub_ioc_reap/,/^}/s/^}/\t__u64 abi_more;\n}/'
    edit kmod/uapi/ub.h 's/^#define UB_IOC_REAP/#define UB_IOC_ABI_TEST 77\n&/'
    edit kmod/uapi/ub.h 's/^\s*UB_EXT_USER_LIMIT.*/&\n\tUB_EXT_ABI_TEST = 4711,/'
    edit kmod/uapi/ub_netlink.h 's/^\s*__UB_CMD_MAX,/\tUB_CMD_ABI_TEST,\n&/'
    edit kmod/uapi/ub_hw_device.h 's/(define UB_HW_VERSION\s+0x000100)02/\103/'
    check 0 additions_pass
    says added_function 'added: function ub_abi_test'
    says added_macro 'added: macro UB_IOC_ABI_TEST'
    says added_enumerator 'added: .*UB_EXT_ABI_TEST'
    says added_command 'added: .*UB_CMD_ABI_TEST'
    says added_member 'added: __u64 abi_more of struct ub_ioc_reap'
    exit $failed
)

broken || failed=1
grown || failed=1
exit $failed
