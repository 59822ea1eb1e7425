# SPDX-License-Identifier: MIT

.PHONY: deps
deps: ## install the packages that are missing
	@packaging/deps.sh $(DEPS)

UBVM_DIR = $(DESTDIR)$(PREFIX)/share/ubstack
QEMU_FILL = sed -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|'
INSTALL += install-qemu

# The plug-in is for one QEMU; ubvm and the wrapper find it where it is put here.
.PHONY: install-qemu
install-qemu: $(QEMU_PLUGIN)
	install -D -m 755 $< $(DESTDIR)$(LIBDIR)/ubstack/ubnpu.so
	install -d $(DESTDIR)$(PREFIX)/bin $(UBVM_DIR)/vm $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 qemu_device/ubvm $(UBVM_DIR)
	ln -sf ../share/ubstack/ubvm $(DESTDIR)$(PREFIX)/bin/ubvm
	install -m 644 $(filter-out %/paths.sh,$(wildcard qemu_device/vm/*.sh)) \
		qemu_device/vm/guest $(UBVM_DIR)/vm
	install -m 755 qemu_device/vm/init $(UBVM_DIR)/vm
	$(QEMU_FILL) qemu_device/vm/paths-installed.sh.in > $(UBVM_DIR)/vm/paths.sh
	$(QEMU_FILL) qemu_device/qemu-system-x86_64-ubnpu.in \
		> $(DESTDIR)$(PREFIX)/bin/qemu-system-x86_64-ubnpu
	chmod 644 $(UBVM_DIR)/vm/paths.sh
	chmod 755 $(DESTDIR)$(PREFIX)/bin/qemu-system-x86_64-ubnpu
	install -m 644 qemu_device/ubvm.1 qemu_device/qemu-system-x86_64-ubnpu.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1
