"""What only Python 3 raises: see `raises.py`."""

import importlib

from raises import missing, show


def chain():
    try:
        try:
            missing()
        except KeyError as error:
            raise ValueError("no shot") from error
    except ValueError:
        raise RuntimeError("not published")


def never_raised():
    raise RuntimeError("not published") from KeyError("shot")


class Größe(Exception):
    pass


def größer():
    raise Größe("größer 日本")


def imported():
    importlib.import_module("no_such_module.part")


def unprintable():
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError
    raise Odd


def show_all():
    for each in [chain, never_raised, größer, imported, unprintable]:
        show(each)
