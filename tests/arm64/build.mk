# SPDX-License-Identifier: MIT
# User space for arm64 on another machine: cross-built in a root, tested by QEMU's user emulation.

ARM64_CROSS := aarch64-linux-gnu-

.PHONY: arm64 arm64-inside
arm64: ## cross-build for arm64 in a root of its own, run the unit tests emulated
	@packaging/deps.sh packaging
	tests/arm64/run.sh $(BUILD)/arm64

# In that root.
arm64-inside:
	$(MAKE) --no-print-directory CC=$(ARM64_CROSS)gcc CXX=$(ARM64_CROSS)g++ \
		AR=$(ARM64_CROSS)ar \
		CC32='gcc -m32' SANITIZE= KERNEL=none OPT='-O2 -g -DTEST_WAIT_MS=600000' \
		RUN=tests/arm64/emulate.sh test-emulated
