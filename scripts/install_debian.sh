#!/usr/bin/env bash
# Install those of these Debian packages that are missing. Does nothing, quickly, if none is.
set -euo pipefail

missing=()
for package in "$@"; do
    [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
        missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

fail() {
    echo "$1, and these packages of Debian 12 are needed: ${missing[*]}" >&2
    exit 1
}

command -v apt-get >/dev/null || fail "There is no apt-get here"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "You are not root and there is no sudo"
    as_root=(sudo)
fi
echo "Installing ${missing[*]}" >&2
# Debian moves the compiler and its sources together: what is known of them must not be from another day.
"${as_root[@]}" apt-get update -qq >&2 || fail "apt-get update has failed"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "${missing[@]}" >&2 || fail "apt-get install has failed"
