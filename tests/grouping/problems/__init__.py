"""The problems of the metamorphic test: invented, in the shapes that hosts and Toolkit write.

Each is written down from what the programs print, not from what the signature does with it.
"""

from problem import Problem
from problems import chains, hosts, messages, near_messages, near_tracebacks, shapes, tracebacks

ALL: tuple[Problem, ...] = (
    *tracebacks.PROBLEMS,
    *shapes.PROBLEMS,
    *chains.PROBLEMS,
    *messages.PROBLEMS,
    *hosts.PROBLEMS,
    *near_messages.PROBLEMS,
    *near_tracebacks.PROBLEMS,
)
