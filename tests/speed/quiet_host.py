"""A host with a reporter: writes the MiB that came to it, after a tenth of the time and at its end.

``python quiet_host.py LOG_FOLDER STATE_FOLDER SECONDS``
"""

import os
import sys
import time
from pathlib import Path

from processes import own_mib


def main() -> None:
    """Follow the logs for so long."""
    logs, state, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    own = os.getpid()
    before = own_mib(own)
    # What the import takes is ours, too.
    from tk_incident import Reporter, Settings

    with Reporter(Settings(log_folder=logs, state_folder=state, deliver=False)):
        time.sleep(seconds / 10)
        early = own_mib(own) - before
        time.sleep(seconds * 9 / 10)
        sys.stdout.write(f"{early} {own_mib(own) - before}\n")


if __name__ == "__main__":
    main()
