# SPDX-License-Identifier: MIT

.PHONY: deps
deps: ## install the packages that are missing
	@packaging/deps.sh
