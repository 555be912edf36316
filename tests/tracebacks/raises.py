# -*- coding: utf-8 -*-
"""Raises what the traceback grammar is tested with, and prints each as this interpreter shows it.

    PYTHONIOENCODING=utf8 python3.13 -B tests/tracebacks/raises.py > tests/tracebacks/3.13.txt

Runs on Python 2.7, too. What a version does not know is left out.
"""

from __future__ import print_function

import os
import sys
import traceback


def show(function):
    print("##", function.__name__.strip("_"))
    try:
        function()
    except BaseException:
        text = traceback.format_exc()
        # The same wherever it is made.
        text = text.replace(os.path.dirname(os.path.abspath(__file__)), "/studio/tools")
        print(text.replace(os.path.dirname(os.__file__), "/usr/lib/python"), end="")


def missing():
    return {}["shot"]


def plain():
    missing()


def without_message():
    raise AssertionError


def empty_key():
    return {}[""]


def local_class():
    class Odd(Exception):
        pass

    raise Odd("no: way")


def lambdas():
    (lambda: 1 / 0)()


def compiled():
    exec("def f():\n    raise ValueError(u'caf\\xe9')\nf()")


def several_lines():
    raise RuntimeError("first: line\nFile \"a.py\", line 1, in f\nKeyError: no cause\n  indented\n\nbehind")


def quoted():
    try:
        missing()
    except KeyError:
        text = traceback.format_exc()
    raise RuntimeError("Remote traceback:\n" + text)


def statement():
    return max(
        1,
        {}["shot"],
        3,
    )


def descend(depth):
    if depth == 0:
        raise ValueError("deep")
    descend(depth - 1)


def recursion():
    descend(20)


def even(depth):
    odd(depth - 1)


def odd(depth):
    if depth < 0:
        raise ValueError("deep")
    even(depth)


def cycle():
    even(8)


def syntax():
    compile("x = 1\nfoo bar baz\n", "/studio/a b/c.py", "exec")


def end_of_text():
    eval("(1 +")


if __name__ == "__main__":
    for each in [
        plain, without_message, empty_key, local_class, lambdas, compiled, several_lines, quoted, statement,
        recursion, cycle, syntax, end_of_text,
    ]:  # fmt: skip
        show(each)
    if sys.version_info >= (3,):
        import raises_3

        raises_3.show_all()
    if sys.version_info >= (3, 11):
        import raises_3_11

        raises_3_11.show_all()
