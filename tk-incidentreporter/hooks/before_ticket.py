"""What a new ticket is made of: take over this hook to change it, or to have no ticket."""

from typing import Any, Optional

import sgtk

HookBaseClass = sgtk.get_hook_baseclass()


class BeforeTicket(HookBaseClass):  # type: ignore[misc, valid-type]  # sgtk has no types
    """Asked once for each new ticket, on the reporter's own thread: it may take its time and ask the site."""

    def before_ticket(self, values: dict[str, Any], delivery: Any) -> Optional[dict[str, Any]]:
        """Return the values of the ticket, changed as the studio wants them; None: no ticket.

        ``values`` are as ``create`` of the Shotgun handle takes them: title, description, project, and the
        fields that the site has. The last line of the description is what the ticket is found by again: it is
        put back if it is missing. A value that the site does not know is left out, with a note in the
        description.

        ``delivery`` is a ``tk_incident._core.Delivery``: the incident, its first occurrence with the whole
        record, and the environment as JSON.
        """
        return values
