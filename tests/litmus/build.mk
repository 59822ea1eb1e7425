# SPDX-License-Identifier: MIT
# Models of the protocols between user and device, explored in full by spin.

UNIT_TESTS += tests/litmus/run.sh
