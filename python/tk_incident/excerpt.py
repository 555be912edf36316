"""An excerpt of a long text: its beginning and its end, and how much lies between."""

# A traceback's last frames and its error line say more than its first ones.
_HEAD_SHARE = 0.25
# Where the cut goes through a line. It also keeps the rest of a line from passing for a whole one.
_TORN = "…".encode()


def excerpt(text: str, max_bytes: int) -> str:
    """Return ``text``, cut in the middle so that it has at most ``max_bytes`` bytes of UTF-8.

    The cut falls between lines where that costs less than half of what is kept, and a marker says how
    many bytes are missing. Where not even the marker fits, only the end of the text is left.
    """
    data = text.encode("utf-8", "replace")
    if len(data) <= max_bytes:
        return text
    # No marker is longer than the one that counts all the bytes.
    room = max_bytes - len(_marker(len(data))) - 2 * len(_TORN)
    if room <= 0:
        return _decoded(data[len(data) - max(max_bytes, 0) :])
    head_end = int(room * _HEAD_SHARE)
    tail_start = len(data) - (room - head_end)
    line_end = data.rfind(b"\n", head_end // 2, head_end + 1)
    line_start = data.find(b"\n", tail_start - 1, tail_start + (len(data) - tail_start) // 2) + 1
    head = data[:line_end] if line_end >= 0 else _whole(data[:head_end])
    tail = data[line_start:] if line_start > 0 else _whole(data[tail_start:])
    marker = _marker(len(data) - len(head) - len(tail))
    before, after = b"" if line_end >= 0 else _TORN, b"" if line_start > 0 else _TORN
    return _decoded(head + before + marker + after + tail)


def one_line(text: str, max_bytes: int) -> str:
    """Return ``text`` with white space folded, its beginning where it is longer than ``max_bytes``."""
    data = " ".join(text.split()).encode("utf-8", "replace")
    if len(data) > max_bytes:
        data = _whole(data[: max_bytes - len(_TORN)]) + _TORN
    return _decoded(data)


def _marker(missing: int) -> bytes:
    return f"\n[... {missing} bytes are left out here; the attached archive has them ...]\n".encode()


def _whole(piece: bytes) -> bytes:
    """Drop the bytes of a character that a cut at either end went through."""
    return _decoded(piece).encode("utf-8")


def _decoded(piece: bytes) -> str:
    return piece.decode("utf-8", "ignore")
