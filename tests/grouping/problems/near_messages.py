"""Messages that look alike and are not the same: one number, one word, or who said it."""

from problem import Problem

_PUBLISH = "sgtk.env.shot.tk-maya.tk-multi-publish2"


def _said(name: str, message: str, logger: str = "sgtk.ext.studio.render") -> Problem:
    return Problem(name, message, None, logger)


PROBLEMS = (
    # The number is the kind of error: #5 is a field's permission, #6 a missing entity.
    _said("said: crud 5", "API read() CRUD ERROR #5: read failed for Shot {id}", "sgtk.core.util.shotgun"),
    _said("said: crud 6", "API read() CRUD ERROR #6: read failed for Shot {id}", "sgtk.core.util.shotgun"),
    # A full disk is the systems department's, a permission the project's.
    _said("errno, said: 28", "Copying {size} to project://publish/{shot} ended with errno 28"),
    _said("errno, said: 13", "Copying {size} to project://publish/{shot} ended with errno 13"),
    # 403 is an account, 500 the site, 407 the studio's proxy.
    _said("http: 403", "{site}/api3/json answered HTTP 403 after {duration}", "sgtk.core.util.shotgun"),
    _said("http: 407", "{site}/api3/json answered HTTP 407 after {duration}", "sgtk.core.util.shotgun"),
    _said("http: 500", "{site}/api3/json answered HTTP 500 after {duration}", "sgtk.core.util.shotgun"),
    # 11 is the renderer's own word for a license, 139 a crash, 137 the farm that killed it for memory.
    _said("exit: 11", "Renderer ended with exit code 11 at frame {frame} after {duration}"),
    _said("exit: 137", "Renderer ended with exit code 137 at frame {frame} after {duration}"),
    _said("exit: 139", "Renderer ended with exit code 139 at frame {frame} after {duration}"),
    _said("signal: 11", "Process {id} caught signal 11 at {address}"),
    _said("signal: 6", "Process {id} caught signal 6 at {address}"),
    # -15: the license server is not reached. -97: its vendor's daemon does not run. -4: all are in use.
    _said(
        "license: -15",
        "License checkout failed on {host} ({ip}:{port}): FlexNet Licensing error:-15,570",
        "sgtk.env.project.tk-maya",
    ),
    _said(
        "license: -97",
        "License checkout failed on {host} ({ip}:{port}): FlexNet Licensing error:-97,121",
        "sgtk.env.project.tk-maya",
    ),
    _said(
        "license: -4",
        "License checkout failed on {host} ({ip}:{port}): FlexNet Licensing error:-4,132",
        "sgtk.env.project.tk-maya",
    ),
    # 1045 is a wrong password, 2013 a lost connection.
    _said("database: 1045", "Render history of {shot}: database error 1045 from {ip}:{port}"),
    _said("database: 2013", "Render history of {shot}: database error 2013 from {ip}:{port}"),
    # Hexadecimal, and no address: an access violation, and a damaged heap.
    _said("windows: access violation", "maya.exe ended with exception code 0xc0000005 at address {address}"),
    _said("windows: heap", "maya.exe ended with exception code 0xc0000374 at address {address}"),
    # What is missing is what has to be installed, defined or set.
    _said("plug-in: mtoa", "Plug-in 'mtoa' could not be loaded on {host}", "sgtk.env.asset.tk-maya"),
    _said(
        "plug-in: AbcExport", "Plug-in 'AbcExport' could not be loaded on {host}", "sgtk.env.asset.tk-maya"
    ),
    _said(
        "template: of shots",
        "Template 'maya_shot_publish' is not defined, needed for {shot}_{version}",
        _PUBLISH,
    ),
    _said(
        "template: of assets",
        "Template 'maya_asset_publish' is not defined, needed for {shot}_{version}",
        _PUBLISH,
    ),
    _said("variable: OCIO", "Environment variable OCIO is not set in process {id}"),
    _said("variable: STUDIO_ROOT", "Environment variable STUDIO_ROOT is not set in process {id}"),
    _said("tool: exr2mov", "exr2mov failed for project://renders/{seq}/{shot}/beauty.{frame}.exr"),
    _said("tool: exr2tx", "exr2tx failed for project://renders/{seq}/{shot}/beauty.{frame}.exr"),
    # One message of two apps that have nothing in common.
    _said("family: publisher", "Could not create thumbnail {id}", _PUBLISH),
    _said("family: desktop", "Could not create thumbnail {id}", "sgtk.ext.{tkimp}.tk_desktop.project_model"),
    # One word, or the kind of file.
    _said("word: read", "Could not read project://caches/{shot}/{shot}_{version}.vdb ({size})"),
    _said("word: write", "Could not write project://caches/{shot}/{shot}_{version}.vdb ({size})"),
    _said("extension: abc", "Unsupported file: project://assets/{asset}/{asset}_{version}.abc"),
    _said("extension: fbx", "Unsupported file: project://assets/{asset}/{asset}_{version}.fbx"),
    _said("node: Read", "Read{node}: Missing input channel", "sgtk.env.shot.tk-nuke"),
    _said("node: Merge", "Merge{node}: Missing input channel", "sgtk.env.shot.tk-nuke"),
)
