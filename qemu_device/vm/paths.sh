# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034
# Where ubvm finds the device and the driver in a source tree; paths-installed.sh.in takes the place
# of this file when installed. Sourced; uses $here.

plugin_hint='run make all'

default_plugin() { echo "$(dirname "$here")/build/qemu/ubnpu.so"; }

default_module() { echo "$(dirname "$here")/build/kmod/$1/ubnpu.ko"; }

# What the guest's command finds before what is installed.
built_tools() {
    local file
    for file in "$(dirname "$here")"/build/*; do
        [ ! -f "$file" ] || [ ! -x "$file" ] || echo "$file"
    done
}
built_libraries() { echo "$(dirname "$here")/build/lib"; }

module_hint() { echo "run make all KERNEL=$1"; }
