"""What keeps deliveries from the site: each reason is said once, and so is its end."""


class Outages:
    """Remembers which delivery waits for which reason."""

    def __init__(self) -> None:
        self._reasons: dict[int, str] = {}

    def begins(self, delivery_id: int, reason: str) -> bool:
        """Note that a delivery failed; True if no other one waits for the same reason."""
        is_known = reason in self._reasons.values()
        self._reasons[delivery_id] = reason
        return not is_known

    def ends(self, delivery_id: int) -> bool:
        """Note that a delivery succeeded; True if it had failed, and its reason is gone with it.

        The others that failed for that reason are forgotten: if it comes back for one of them, it is news.
        """
        reason = self._reasons.get(delivery_id)
        if reason is None:
            return False
        self._reasons = {each: why for each, why in self._reasons.items() if why != reason}
        return True
