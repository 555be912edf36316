"""A small ticket server for trials, demos and tests, on this machine only.

It speaks the wire protocol of ``shotgun_api3``, so that the real client and the shipped sink talk to it
unchanged, and it has pages for people. Importing this package needs the extra ``sandbox``.
"""

from .server import Sandbox, serve

__all__ = ["Sandbox", "serve"]
