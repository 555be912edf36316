"""What a ticket takes out of an evidence archive."""

import io
import zipfile

_CONTEXT = "context.log"


def lines_before(archive: bytes, record: str, most: int = 10) -> list[str]:
    """Return the last lines before a record, as the archive has them; none where it does not."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            context = packed.read(_CONTEXT).decode("utf-8", "replace")
    except (KeyError, zipfile.BadZipFile):
        return []
    first = record.partition("\n")[0]
    lines = context.splitlines()
    for at, line in enumerate(lines):
        if first and line.startswith(first):
            return [each for each in lines[:at] if each.strip()][-most:]
    return []
