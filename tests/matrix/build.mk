# SPDX-License-Identifier: MIT
# Kernels and QEMUs of several distributions, each with each: docs/compatibility.md.

# Each suite gives its kernel, its QEMU and its compilers.
MATRIX_SUITES ?= bookworm trixie sid
# full: the whole VM suite where both are of one suite (or with the last QEMU, if that of a suite
# cannot be built), a small part elsewhere; quick: that part everywhere.
MATRIX ?= full
MATRIX_QUICK := $(addprefix $(BUILD)/tests/vm/,uapi_struct uapi_handles uapi_mmap lib-ops@ub0@ub1 \
	lib-events@ub0@ub1 lib-uring@ub0@ub1 lib-uring_ends@ub0 lib-uring_reap@ub0@ub1)

.PHONY: matrix-build matrix
matrix-build:
	@packaging/deps.sh packaging
	@$(MAKE) --no-print-directory test-build-vm
	@mkdir -p $(BUILD)/matrix
	@printf '%s\n' $(MATRIX_QUICK) > $(BUILD)/matrix/quick-tests

# For a suite whose archive lists a QEMU that it has no source of: a folder with a source package of
# that series for the last suite, and, to run that very QEMU, its qemu-system-x86, -common and
# -data.
SUITE_QEMU ?=
matrix: export SUITE_QEMU := $(abspath $(SUITE_QEMU))
matrix: matrix-build ## the VM tests on each suite's kernel with each QEMU; MATRIX=quick: a part
	tests/matrix/matrix.sh $(MATRIX) $(BUILD)/matrix $(MATRIX_SUITES)

# The suite whose QEMU is built with the device in its tree.
IN_TREE_SUITE ?= trixie

.PHONY: qemu-in-tree
qemu-in-tree: matrix-build ## build a QEMU with the device in its source tree, and test with it
	tests/matrix/in_tree.sh $(MATRIX) $(BUILD)/matrix $(IN_TREE_SUITE)
