#!/bin/bash
# SPDX-License-Identifier: MIT
# One round of the stress run, each kind of blow at least once, always the same; `make stress` goes
# on for minutes, with other seeds.
exec "$(dirname "$0")/stress.sh" rounds 1 1
