# SPDX-License-Identifier: MIT
# What is handed out: the source tarball, the driver's source for dkms, Debian packages, rpms.

DIST_REF ?= HEAD
DIST_NAME := ubstack-$(VERSION)
DIST ?= $(BUILD)/dist/$(DIST_NAME).tar.xz
# Under which the driver's source is registered; an rpm's has the release as well.
DKMS_VERSION ?= $(VERSION)
DKMS_DIR = $(DESTDIR)$(PREFIX)/src/ubstack-$(DKMS_VERSION)

.PHONY: dist
dist: ## the source tarball, of the last commit (DIST_REF=...); it builds without git
	@[ "$(DIST_REF)" != HEAD ] || git diff --quiet HEAD || \
		echo "dist: what is not committed is not in it" >&2
	@mkdir -p $(dir $(DIST))
	git archive --format=tar --prefix=$(DIST_NAME)/ $(DIST_REF) | xz -T1 > $(DIST)

.PHONY: install-dkms
install-dkms: ## the driver's source for dkms, below DESTDIR
	install -d $(DKMS_DIR)
	cd kmod && for file in $(patsubst kmod/%,%,$(KMOD_SRC) $(KMOD_UAPI)); do \
		install -D -m 644 "$$file" "$(abspath $(DKMS_DIR))/$$file"; \
	done
	sed -e 's|@VERSION@|$(VERSION)|' -e 's|@DKMS_VERSION@|$(DKMS_VERSION)|' \
		packaging/dkms/dkms.conf.in > $(DKMS_DIR)/dkms.conf

# Another Debian's packages, built and tried in roots of it: DEB_SUITE=trixie.
DEB_SUITE ?=
DEBS := $(BUILD)/deb$(addprefix -,$(DEB_SUITE))
BUILD_DEB := $(if $(DEB_SUITE),packaging/in-suite.sh $(DEB_SUITE)) packaging/build-deb.sh
export DEB_SUITE
ifneq ($(and $(DEB_SUITE),$(filter check-packages-vm check-packages-signed \
	check-rpm,$(MAKECMDGOALS))),)
$(error DEB_SUITE=$(DEB_SUITE) is for deb, deb-reproducible and check-packages alone)
endif

.PHONY: deb deb-reproducible check-packages check-packages-vm
deb: ## Debian packages, of the tarball, in build/deb; DEB_SUITE=trixie: of that Debian
	@packaging/deps.sh packaging
	$(if $(filter file,$(origin DIST)),@$(MAKE) --no-print-directory dist)
	+$(BUILD_DEB) $(DIST) $(DEBS)

deb-reproducible: deb ## build the packages again elsewhere and compare them bit for bit
	+$(BUILD_DEB) $(DIST) $(DEBS)-second-time
	packaging/compare-builds.sh $(DEBS) $(DEBS)-second-time

# The version after this one, of the same source; its tests have run for this one.
DEB_NEXT := 0.1.99-0ub1

.PHONY: deb-kept deb-next check-packages-signed
deb-kept:
	@packaging/deps.sh packaging
	$(if $(filter file,$(origin DIST)),@$(MAKE) --no-print-directory dist)
	+DEB_KEEP=1 $(BUILD_DEB) $(DIST) $(DEBS) >/dev/null

deb-next: deb-kept
	+DEB_KEEP=1 DEB_VERSION=$(DEB_NEXT) DEB_BUILD_OPTIONS=nocheck $(BUILD_DEB) $(DIST) \
		$(DEBS)-next >/dev/null

check-packages: deb-next ## lintian; then install, upgrade, remove and purge in a scratch root
	packaging/check-deb.sh $(DEBS) $(DEBS)-next

check-packages-vm: deb-next ## boot a root with the packages, systemd and devices, and test in it
	packaging/check-deb-vm.sh $(DEBS) $(DEBS)-next

check-packages-signed: deb-kept ## boot a kernel that loads signed modules alone, and test in it
	packaging/check-deb-signed.sh $(DEBS)

# Each in a clean root, which needs root here.
.PHONY: rpm rpm-reproducible check-rpm
rpm: ## rpms, from the source tarball, in build/rpm
	@packaging/deps.sh packaging
	$(if $(filter file,$(origin DIST)),@$(MAKE) --no-print-directory dist)
	packaging/build-rpm.sh $(DIST) $(BUILD)/rpm

rpm-reproducible: rpm ## build the rpms again and compare them bit for bit
	unshare --uts sh -c 'hostname elsewhere && \
		packaging/build-rpm.sh $(DIST) $(BUILD)/rpm-second-time'
	packaging/compare-builds.sh $(BUILD)/rpm $(BUILD)/rpm-second-time

check-rpm: deb-kept ## rpms: rpmlint; then install, upgrade and erase in a scratch root
	packaging/build-rpm.sh $(DIST) $(BUILD)/rpm $(BUILD)/rpm-next
	packaging/check-rpm.sh $(BUILD)/rpm $(BUILD)/rpm-next $(DEBS)

.PHONY: abi-check test-abi-check
abi-check: ## compare the ABI with the last tag's (ABI_BASE=revision); what breaks programs fails
	@packaging/deps.sh packaging
	+packaging/abi/check.sh $(BUILD)/abi $(ABI_BASE)

test-abi-check: ## does abi-check see what it is for?
	@packaging/deps.sh packaging
	+packaging/abi/test.sh $(BUILD)/abi/test
