"""What ours is compared with: groupings that give a key to a text, each as its users have it at hand."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

# What somebody writes in five minutes, in this order.
_TEN_MASKS = (
    (re.compile(r"[a-z]+://\S+"), "<url>"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "<email>"),
    (re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*"), "<time>"),
    (re.compile(r"\d+(?:\.\d+){3}(?::\d+)?"), "<ip>"),
    (re.compile(r"(?:[A-Za-z]:)?[/\\][^\s'\",;]+"), "<path>"),
    (re.compile(r"0x[0-9a-fA-F]+"), "<address>"),
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{7,}\b"), "<hex>"),
    (re.compile(r"'[^']*'|\"[^\"]*\""), "<quoted>"),
    (re.compile(r"[\w.-]*\d[\w.-]*"), "<number>"),
)


def exact_text(text: str) -> str:
    """The text itself."""
    return text


def ten_masks(text: str) -> str:
    """The text with ten kinds of values masked, one after the other."""
    for pattern, mask in _TEN_MASKS:
        text = pattern.sub(mask, text)
    return text


def drain3(text: str) -> int:
    """The cluster of Drain3 in its default configuration; it has one state for the whole process."""
    cluster: int = _miner().add_log_message(text)["cluster_id"]
    return cluster


@cache
def _miner() -> Any:
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    return TemplateMiner(config=TemplateMinerConfig())
