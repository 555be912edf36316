#!/usr/bin/env bash
# Run cargo, or a cargo-* of our own, with Debian's compiler: it brings the sources of its standard library and so
# builds for any target, and nothing but packages has to be installed. `cross_cargo.sh cargo test --target ...`
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Not rustup's: -Zbuild-std needs the compiler and the sources to be of one version, and a stable one to be told.
export PATH=$root/.venv-cross/bin:/usr/bin:$PATH CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1
unset RUSTUP_TOOLCHAIN
# One folder for all targets: they share what runs on the host.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/deb
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$root/scripts/wine.sh
# For a Mac: no more than the names that we call in Apple's frameworks, which are not ours to bring.
export SDKROOT=$root/tests/macos
# What is built here is tested or linked, once: the build is what takes the time.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_STRIP=none CARGO_INCREMENTAL=0
quick=(--config 'profile.dev.package."*".opt-level=0')

"$1" "$2" --locked -Zbuild-std "${quick[@]}" "${@:3}"
