# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# Sourced by what runs lists of tests in a VM: how long it may say nothing, which is longer than
# what tests/run.sh grants a program in there, and a limit for a VM that never stops talking.
vm_limits=(--idle-timeout 750 --timeout 14400)
