# Every target works on a clean clone. `make help` lists them.

# Ends a pipe with the status of what failed in it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Fully static and position-independent: one file that runs on any x86-64 Linux. A scratch directory of
# its own, so that release and test builds do not undo each other.
RELEASE := swift build -c release --scratch-path .build-release \
	--static-swift-stdlib --disable-local-rpath -Xswiftc -static-executable \
	-Xswiftc -use-ld=lld -Xswiftc -Xclang-linker -Xswiftc -static-pie \
	-Xlinker --pack-dyn-relocs=relr
SOURCES := Package.swift Sources Tests

.PHONY: help setup build release install test soak lint bench fuzz demo guests docs clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile | expand -t 16

setup: ## Install the Debian packages that test, bench and demo need, where missing
	.ci/setup

build: ## Build everything for debugging
	swift build --build-tests

release: ## Build bin/swiftvm, static and position-independent, its manual page and completions
	$(RELEASE) --product swiftvm
	mkdir -p bin
	llvm-objcopy --strip-all .build-release/release/swiftvm bin/swiftvm.tmp
	mv bin/swiftvm.tmp bin/swiftvm
	bin/swiftvm manual > bin/swiftvm.1
	for shell in bash zsh fish; do bin/swiftvm completion $$shell > bin/swiftvm.$$shell; done

PREFIX ?= /usr/local
SHARE = $(DESTDIR)$(PREFIX)/share

install: ## Install what `make release` built under PREFIX (/usr/local), and DESTDIR
	@for file in swiftvm swiftvm.1 swiftvm.bash swiftvm.zsh swiftvm.fish; do test -e bin/$$file; done || { echo "error: nothing is built: \`make release\` first" >&2; exit 1; }
	install -D bin/swiftvm "$(DESTDIR)$(PREFIX)/bin/swiftvm"
	install -D -m 644 bin/swiftvm.1 "$(SHARE)/man/man1/swiftvm.1"
	install -D -m 644 bin/swiftvm.bash "$(SHARE)/bash-completion/completions/swiftvm"
	install -D -m 644 bin/swiftvm.zsh "$(SHARE)/zsh/site-functions/_swiftvm"
	install -D -m 644 bin/swiftvm.fish "$(SHARE)/fish/vendor_completions.d/swiftvm.fish"

guests: ## Build the bare-metal guests into guests/build
	$(MAKE) -C guests

test: setup release guests ## Run every test that this machine allows
	.ci/test

soak: setup release guests ## Run every test, with those that take long or that emulation fails now and then
	SWIFTVM_TESTS=soak .ci/test

lint: ## Check formatting, shell scripts and file lengths
	.ci/lint

fuzz: ## Let each fuzzer run for FUZZ_SECONDS (600), from new seeds
	SWIFTVM_TESTS=all FUZZ_SECONDS=$${FUZZ_SECONDS:-600} swift test --filter '^Fuzz\.'

bench: setup release guests ## Measure against QEMU, as ratios
	$(RELEASE) --product swiftvm-bench
	.ci/bench

demo: setup release ## Boot a stock Debian kernel to a prompt
	Tests/Bed/demo.sh bin/swiftvm

docs: ## Build the book "How swiftvm works" into .build-docs
	swift build --product swiftvm
	.ci/docs .build-docs
	@echo "to read it: python3 -m http.server -d .build-docs, then http://localhost:8000"

clean: ## Remove everything that was built or fetched
	rm -rf .build .build-release .build-bench .build-docs .bed bin guests/build guests/.build guests/*/disk.img
