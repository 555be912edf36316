"""Facts about the host that only Python knows; the core adds those about the machine."""

import platform
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


def facts() -> dict[str, Any]:
    """Return what Python knows of the host, ready for JSON; from any thread, and without a disk.

    Of the command line only the program's name is taken: arguments hold secrets.
    """
    return {
        "host_application": _host_application(),
        "python": {
            "version": platform.python_version(),
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


def _program() -> str:
    # An embedded interpreter may have no argv at all.
    arguments = getattr(sys, "argv", None) or [""]
    return Path(arguments[0]).name
