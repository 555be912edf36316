"""``python -m tk_incident``: the command line without its script."""

import sys

from tk_incident.cli import main

if __name__ == "__main__":
    sys.exit(main())
