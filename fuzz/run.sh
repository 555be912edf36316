#!/bin/sh
# Run each target for $1 seconds with the cargo-fuzz at $2: from the corpus, into a copy of what it grows to.
# An input that breaks a property is written to fuzz/artifacts/.
set -eu
cd "$(dirname "$0")/.."
seconds=$1 cargo_fuzz=$2 built=target/fuzz

# Without a sanitizer: there is no `unsafe` here for one to watch, SQLite's C would not be built with it, and it
# needs flags that a stable Rust does not take.
"$cargo_fuzz" fuzz build --sanitizer none --target-dir "$built"

# The spool of `checkpoint` is synced at each commit: in memory where there is a folder for that.
TMPDIR=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

run() {
    target=$1
    shift
    mkdir -p "$built/corpus/$target"
    # The first folder takes what is new, the second is the repository's.
    "$cargo_fuzz" fuzz run --sanitizer none --target-dir "$built" "$target" \
        "$built/corpus/$target" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 "$@"
}
run framer -max_len=4096
run record -max_len=4096 -dict=fuzz/dictionaries/log.dict
run traceback -max_len=65536 -dict=fuzz/dictionaries/log.dict
run checkpoint -max_len=512 -dict=fuzz/dictionaries/checkpoint.dict
