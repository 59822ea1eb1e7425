#!/bin/bash
# SPDX-License-Identifier: MIT
# Boot a root in which the packages are installed, with systemd and two devices, and test in it what
# a user meets: see vm/in-vm.sh.
#
#   check-deb-vm.sh DIR NEXT    DIR holds version N, NEXT a later one
set -eu
cd "$(dirname "$0")/.."
debs=$1 next=$2
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}
log=$debs/check-vm.log

# shellcheck source=packaging/root.sh
. packaging/root.sh
# shellcheck source=packaging/vm/vm.sh
. packaging/vm/vm.sh

vm_root > "$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
vm_copy_in "$debs" first
vm_copy_in "$next" next
vm_install >> "$log" 2>&1 || { tail -n 30 "$log" >&2; root_die "the packages cannot be installed"; }
cp docs/tutorial.md "$root/packages/"
vm_prepare packaging/vm/in-vm.sh >> "$log" 2>&1
vm_run ''
