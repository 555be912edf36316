#!/bin/sh
# Make a virtual environment at $1 with the newest Python here that can.
set -eu

for python in python3.13 python3.12 python3.11 python3.10 python3; do
    # Being on PATH says little: pyenv leaves commands there for versions that are not active, and Debian
    # keeps ensurepip in a package of its own.
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
        echo "Installing the pinned packages into $1 ($("$python" --version))"
        exec "$python" -m venv "$1"
    fi
done
echo "No Python 3.10 or later with venv and ensurepip is on PATH. On Debian: apt-get install python3-venv" >&2
exit 1
