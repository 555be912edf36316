"""Facts about the host that only Python knows; the core adds those about the machine."""

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

# A module that only the host application brings, and the application's name.
_HOST_MODULES = {
    "maya": "Maya",
    "nuke": "Nuke",
    "hou": "Houdini",
    "pymxs": "3ds Max",
    "unreal": "Unreal Engine",
    "bpy": "Blender",
    "substance_painter": "Substance 3D Painter",
    "pyfbsdk": "MotionBuilder",
    "mari": "Mari",
    "c4d": "Cinema 4D",
    "alias_api": "Alias",
}

# What a host's module holds as a constant, so that reading it is safe from any thread. Nothing is called:
# Maya's ``about`` belongs to the main thread, and of ``hou.applicationVersionString`` and its like nothing
# says that they do not. Toolkit's own answer is the fact ``engine``, found out on the main thread.
_VERSION_ATTRIBUTES = {
    "nuke": ("NUKE_VERSION_STRING",),
    # https://docs.blender.org/api/current/bpy.app.html
    "bpy": ("app", "version_string"),
}
# Else a variable that the host sets for itself: its install folder is named after the release.
_VERSION_VARIABLES = {
    "maya": ("MAYA_LOCATION", re.compile(r"maya ?(\d{4}(?:\.\d+)*)", re.IGNORECASE)),
    "hou": ("HFS", re.compile(r"(\d+\.\d+\.\d+)")),
}


def facts() -> dict[str, Any]:
    """Return what Python knows of the host, ready for JSON; from any thread, and without a disk.

    It is asked for on the host's main thread, so it only looks up what is there: no call into the host, no
    program, no file. The core adds the machine on a thread of its own.

    Of the command line only the program's name is taken: arguments hold secrets.
    """
    return {
        "host_application": _host_application(),
        "host_version": _host_version(),
        "python": {
            "version": platform.python_version(),
            "build": sys.version,
            "implementation": platform.python_implementation(),
            "executable": sys.executable or "",
        },
        "platform": sys.platform,
        "program": _program(),
    }


def _host_application() -> str:
    for module, application in _HOST_MODULES.items():
        # Some hosts leave None where an import was tried and refused.
        if sys.modules.get(module) is not None:
            return application
    return Path(sys.executable).stem if sys.executable else ""


def _host_version() -> str:
    """Return the host's version as far as it can be told without calling it; empty where it cannot."""
    for module, attributes in _VERSION_ATTRIBUTES.items():
        value: object = sys.modules.get(module)
        for attribute in attributes:
            value = getattr(value, attribute, None)
        if isinstance(value, str):
            return value
    for module, (variable, version) in _VERSION_VARIABLES.items():
        if sys.modules.get(module) is not None:
            # Of the copy that Python made at its start: no other thread of the host writes to that.
            found = version.search(os.environ.get(variable, ""))
            return found.group(1) if found else ""
    return ""


def _program() -> str:
    # An embedded interpreter may have no argv at all.
    arguments = getattr(sys, "argv", None) or [""]
    return Path(arguments[0]).name
