#!/bin/bash
# SPDX-License-Identifier: MIT
# One round of the stress run, each kind of blow at least once; `make stress` goes on for minutes.
exec "$(dirname "$0")/stress.sh" rounds 1
