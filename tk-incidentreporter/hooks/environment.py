"""Facts about the host that a studio wants in each incident: take over this hook to add them."""

from typing import Any

import sgtk

HookBaseClass = sgtk.get_hook_baseclass()


class Environment(HookBaseClass):  # type: ignore[misc, valid-type]  # sgtk has no types
    """Asked at the start and after each change of context, on a thread of the reporter."""

    def environment(self) -> dict[str, Any]:
        """Return facts by name, ready for JSON, such as ``{"plugins": {"mtoa": "5.3"}}``.

        A fact named ``version`` is what a ticket says the problem was seen under; without it that is
        Toolkit's configuration. What only the host's main thread may be asked for needs
        ``execute_in_main_thread`` of the engine, which waits until the host has the time.
        """
        return {}
