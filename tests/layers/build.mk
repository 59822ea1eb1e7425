# SPDX-License-Identifier: MIT
# Layers: each tree's own list, TREE/layers, against what was built of it.

LAYERS_TEST := tests/layers/layers.py

ifneq ($(wildcard libub/build.mk),)
UNIT_TESTS += $(LAYERS_TEST)@ubctl@$(BUILD)/ubctl.d
endif
