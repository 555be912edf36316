"""Sizes as people read them."""

_KIB = 1024


def readable_size(size_bytes: int) -> str:
    """A number of bytes with one decimal, such as ``14.2 KB``."""
    size, unit = float(size_bytes), "bytes"
    for larger in ("KB", "MB", "GB"):
        if size >= _KIB:
            size, unit = size / _KIB, larger
    return f"{size_bytes} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
