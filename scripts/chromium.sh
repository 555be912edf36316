#!/bin/sh
# Print the path of a Chromium for the tests of the page; on Debian, install one where there is none.
set -eu

find_one() {
    for name in "${TK_INCIDENT_CHROMIUM:-}" chromium google-chrome google-chrome-stable chromium-browser; do
        if [ -n "$name" ] && command -v "$name"; then
            return 0
        fi
    done
    return 1
}

find_one && exit 0
if command -v apt-get >/dev/null; then
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "Installing Debian's chromium for the tests of the page" >&2
    {
        $as_root apt-get update -qq
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium
    } >&2 || true
    find_one && exit 0
fi
echo "No Chromium. Install one, or set TK_INCIDENT_CHROMIUM to the path of a Chromium or Chrome." >&2
exit 1
