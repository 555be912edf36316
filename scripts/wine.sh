#!/usr/bin/env bash
# Run a Windows program under Wine, in a prefix of our own below target/. Cargo calls this as its runner.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$here/../target"
export WINEPREFIX=${WINEPREFIX:-$(cd "$here/../target" && pwd)/wine} WINEARCH=win64 WINEDEBUG=-all
# No Mono, no Gecko, no entries in the desktop's menus: nothing that would ask or download.
export WINEDLLOVERRIDES='mscoree=;mshtml=;winemenubuilder.exe='
# Debian's wine64 lies beside Wine's libraries, not among the commands.
PATH=$PATH:/usr/lib/wine

# Made last, so that a prefix with it is a whole one.
shim=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
if [ ! -e "$shim" ] || [ "$here/bcryptprimitives.c" -nt "$shim" ]; then
    echo "Making a Wine prefix in $WINEPREFIX" >&2
    said=$(wine64 wineboot --init </dev/null 2>&1) || { echo "$said" >&2 && exit 1; }
    x86_64-w64-mingw32-gcc -shared -O -o "$shim.new" "$here/bcryptprimitives.c" -ladvapi32
    mv "$shim.new" "$shim"
fi

# What a Windows program writes to a file is lost under Wine: it wants a pipe. What it has started and left behind would
# hold that open for ever: Wine's own PowerShell does not end by itself.
exec 3> >(cat)
shown=$! code=0
wine64 "$@" </dev/null >&3 2>&1 || code=$?
exec 3>&-
wineserver64 -k || true
wait "$shown"
exit "$code"
