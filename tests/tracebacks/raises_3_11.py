"""What only Python 3.11 and later raise: see `raises.py`."""

from raises import missing, plain, show


def caught(function):
    try:
        function()
    except Exception as error:
        return error


def notes():
    error = ValueError("no shot")
    error.add_note("in sequence 1")
    error.add_note("of: two lines\nthis is the second")
    raise error


def group():
    inner = ExceptionGroup("inner", [caught(missing), OSError(2, "no such file")])
    raise ExceptionGroup("outer", [caught(plain), TypeError("first\nsecond"), inner])


def many():
    raise ExceptionGroup("many", [ValueError(number) for number in range(18)])


def group_in_a_chain():
    try:
        missing()
    except KeyError as error:
        raise ExceptionGroup("outer", [caught(plain)]) from error


def chain_in_a_group():
    def publish():
        try:
            missing()
        except KeyError as error:
            raise ValueError("not published") from error
    raise ExceptionGroup("outer", [caught(publish), caught(plain)])


def chained_groups():
    try:
        group()
    except* KeyError as error:
        raise RuntimeError("after") from error


def show_all():
    for each in [notes, group, many, group_in_a_chain, chain_in_a_group, chained_groups]:
        show(each)
