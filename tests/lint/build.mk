# SPDX-License-Identifier: MIT
# The form of what is written: `make test` looks at what changed, `make lint` at everything.

.PHONY: lint
lint: ## columns, licence lines, spelling, shell scripts; format of changed lines
	@tests/lint/lint.sh all

UNIT_TESTS += tests/lint/lint.sh@changed

# Every object that user space is made of here. Nothing is built: make says how it would be.
COMMANDS_OF = $(filter-out $(KMOD_KO) $(QEMU_PLUGIN),$(ALL)) $(DEMO) $(BENCH) $(STRESS) \
	$(EXAMPLES) \
	$(VM_DEBUG_TESTS) $(FUZZ_DRIVER) \
	$(filter $(BUILD)/%,$(call programs,$(UNIT_TESTS) $(VM_TESTS)))

.PHONY: compile_commands.json
compile_commands.json: ## what each source is compiled with, for editors and clangd
	@$(MAKE) --no-print-directory --always-make --dry-run V=1 $(COMMANDS_OF) | \
		tests/lint/compile_commands.py > $@.new && mv $@.new $@
