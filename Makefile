# What people and CI call; `make` alone lists the targets. On a machine with Rust, Python 3.10 or later, make
# and git, each target does its own set-up. A warm run skips what is up to date: see the stamps below.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# cargo and pytest use all cores themselves, and two of them at once make an unreadable output.
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
CARGO_FUZZ_VERSION := 0.13.1
# How long each fuzz target runs.
FUZZ_SECONDS ?= 60
# More words for tests/grouping/bench.py: --markdown, or --data with another folder of labelled logs.
BENCH_OPTIONS ?=
# More words for tests/speed/speed.py: --rounds, --scale, or sections; and for scripts/check_speed.py: --update.
SPEED_OPTIONS ?=
CHECK_SPEED_OPTIONS ?=

# The environment of this folder, whatever the caller has activated: maturin refuses to choose.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
unexport CONDA_PREFIX PYTHONHOME PYTHONPATH
# An abi3 build takes no more from an interpreter than its platform, but it must be one that runs.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
# pip's progress, advice and remarks are noise here, also where maturin calls it: all is pinned. Errors show.
export PIP_QUIET := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

RUST_SOURCES := Cargo.toml Cargo.lock bindings/Cargo.toml $(shell find src bindings -name '*.rs')
PYTHON_SOURCES := pyproject.toml README.md LICENSE \
	$(shell find python -type f -not -name '*.so' -not -path '*/__pycache__/*')

# The compiler that scripts/cross_cargo.sh uses.
DEBIAN_RUST := rustc-web cargo-web rust-web-src

CROSS := .venv-cross/installed.stamp
INSTALLED := $(VENV)/installed.stamp
DEVELOPED := $(VENV)/developed.stamp
PEERS := $(VENV)/peers.stamp
WHEEL := dist/wheel.stamp
CARGO_FUZZ := target/tools/cargo-fuzz-$(CARGO_FUZZ_VERSION)/bin/cargo-fuzz

.PHONY: help
help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(DEVELOPED) ## the whole product on this machine: logs are written, tickets filed, a page shows them
	@$(BIN)/tk-incident demo

.PHONY: test
test: test-rust test-python test-pythons ## all tests

.PHONY: test-rust
test-rust: ## the tests of the core
	cargo test --locked

.PHONY: test-windows
test-windows: ## the tests of the core as a Windows program, under Wine; Debian 12 only, installs what it needs
	@scripts/install_debian.sh $(DEBIAN_RUST) gcc-mingw-w64-x86-64-posix wine wine64
	scripts/cross_cargo.sh cargo test --package tk-incident-core --target x86_64-pc-windows-gnu

.PHONY: test-python
test-python: $(DEVELOPED) $(WHEEL) ## the tests of the Python package, the command line, the page and the bundle
	@chromium=$$(scripts/chromium.sh) && TK_INCIDENT_CHROMIUM=$$chromium $(BIN)/pytest

.PHONY: test-pythons
test-pythons: $(WHEEL) ## the one wheel on every CPython from 3.9 to 3.13 that is found here
	@$(BIN)/python scripts/try_wheel.py dist/tk_incident-*.whl

.PHONY: test-toolkit
test-toolkit: $(DEVELOPED) $(WHEEL) ## the app in a real Toolkit; needs SGTK_CORE_PATH, a checkout of tk-core
	@$(BIN)/pytest -m toolkit tests/bundle

.PHONY: test-soak
test-soak: $(DEVELOPED) ## the long forms of the core, the storms and the delivery, with 1,000 kills of the reporter; two hours
	PROPTEST_CASES=1000 TK_INCIDENT_HANDOVERS=200 cargo test --locked --release --test core
	@$(BIN)/python tests/storm/storm.py --matrix long
	@$(BIN)/python tests/delivery/long.py --matrix long

.PHONY: bench-grouping
bench-grouping: $(DEVELOPED) $(PEERS) ## the signature on labelled logs and rewritten problems, beside others; needs ../shared
	@$(BIN)/python tests/grouping/bench.py $(BENCH_OPTIONS)

.PHONY: bench
bench: $(DEVELOPED) $(PEERS) ## the speed of everything beside others, into docs/performance.md; Debian, half an hour of an idle machine
	@scripts/install_debian.sh ripgrep strace
	@$(BIN)/python tests/speed/speed.py --folder /dev/shm --page docs/performance.md $(SPEED_OPTIONS)

.PHONY: check-speed
check-speed: $(INSTALLED) ## the instructions of the core's workloads, against benches/instructions.json; Debian
	@scripts/install_debian.sh valgrind libc6-dbg
	@$(BIN)/python scripts/check_speed.py benches/instructions.json $(CHECK_SPEED_OPTIONS)

.PHONY: fuzz
fuzz: $(CARGO_FUZZ) ## the fuzz targets, FUZZ_SECONDS (60) each; needs a C++ compiler
	@fuzz/run.sh $(FUZZ_SECONDS) $(CARGO_FUZZ)

.PHONY: check
check: $(DEVELOPED) ## format, lints, types, the stub of the native module, the lock files
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest --mypy-config-file pyproject.toml --allowlist scripts/stubtest-allowlist.txt \
		tk_incident._core
	@# Everything in dev.in has been installed from dev.txt, or pip would want to fetch it, and may not.
	$(BIN)/pip install --dry-run --no-index --no-deps --requirement requirements/dev.in

.PHONY: check-macos
check-macos: $(CROSS) ## the test program of the core links for both kinds of Mac; Debian 12 only, as test-windows
	@scripts/install_debian.sh $(DEBIAN_RUST)
	scripts/cross_cargo.sh cargo-zigbuild test --no-run --package tk-incident-core \
		--target aarch64-apple-darwin --target x86_64-apple-darwin

.PHONY: develop
develop: $(DEVELOPED) ## the package, editable, in .venv

.PHONY: wheel
wheel: $(WHEEL) ## the wheel of this platform, in dist/

.PHONY: bundle
bundle: $(WHEEL) ## the release archive of the Toolkit app for this platform, in dist/
	@$(BIN)/python scripts/bundle.py dist/tk_incident-*.whl

.PHONY: lock
lock: $(INSTALLED) ## write the lock files again after a change of a Cargo.toml or a requirements/*.in
	cargo update --quiet --workspace
	cargo update --quiet --workspace --manifest-path fuzz/Cargo.toml
	@$(BIN)/python -m venv .venv-lock
	@.venv-lock/bin/pip install uv==$(UV_VERSION)
	$(call compile,dev,3.10)
	$(call compile,harness,3.9)
	$(call compile,cross,3.10)
	$(call compile,bench,3.10)

define compile
UV_CUSTOM_COMPILE_COMMAND='make lock' .venv-lock/bin/uv pip compile --quiet --universal --python-version $(2) \
	--generate-hashes --no-annotate --output-file requirements/$(1).txt requirements/$(1).in
endef

.PHONY: clean
clean: ## remove everything that the targets above have made
	rm -rf target dist .venv .venv-* .mypy_cache .pytest_cache .ruff_cache
	find python tests scripts tk-incidentreporter -name __pycache__ -prune -exec rm -rf {} +
	rm -f python/tk_incident/_core*.so

$(CARGO_FUZZ):
	cargo install --quiet --locked --version $(CARGO_FUZZ_VERSION) --root target/tools/cargo-fuzz-$(CARGO_FUZZ_VERSION) cargo-fuzz

$(INSTALLED): requirements/dev.txt
	@scripts/make_venv.sh $(VENV)
	@$(BIN)/pip install --require-hashes --requirement requirements/dev.txt
	@touch $@

$(PEERS): requirements/bench.txt $(INSTALLED)
	@$(BIN)/pip install --require-hashes --requirement $<
	@touch $@

$(CROSS): requirements/cross.txt
	@scripts/make_venv.sh $(@D)
	@$(@D)/bin/pip install --require-hashes --requirement $<
	@touch $@

$(DEVELOPED): $(INSTALLED) $(RUST_SOURCES) pyproject.toml
	@$(BIN)/maturin develop --release --locked
	@touch $@

$(WHEEL): $(INSTALLED) $(RUST_SOURCES) $(PYTHON_SOURCES)
	@rm -f dist/tk_incident-*.whl
	@$(BIN)/maturin build --release --locked --out dist
	@touch $@
