"""Problems that Toolkit and its apps log in a message alone."""

from problem import Dialect, Problem

_PUBLISH = "sgtk.env.shot.tk-maya.tk-multi-publish2"
_WORKFILES = "sgtk.env.asset_step.tk-maya.tk-multi-workfiles2"
_DESKTOP = "sgtk.env.site.tk-desktop"
_BOOTSTRAP = "sgtk.core.bootstrap.manager"

PROBLEMS = (
    # TankErrors, one line each.
    Problem(
        "core is too old for an app",
        "App configuration Error for tk-multi-breakdown2. It will not be loaded: requires at least core "
        "version {release} but currently installed version is {other_release}",
        logger="sgtk.env.project.tk-nuke",
    ),
    Problem(
        "app is not supported by the engine",
        "App configuration Error for tk-multi-demo (configured in environment 'config://env/project.yml'). "
        "It will not be loaded: The app could not be loaded since it only supports the following engines: "
        "['tk-maya'].",
        logger="sgtk.env.project.tk-nuke",
    ),
    Problem(
        "no location for the shot",
        "Cannot resolve template data for context Shot {shot}: its folders have not been created",
        logger=_WORKFILES,
    ),
    Problem(
        "context is a project's",
        "Cannot save: the work area of project '{project}' has no task. Choose a task.",
        logger=_WORKFILES,
    ),
    Problem(
        "entity was retired",
        "Context could not be restored: {{'type': 'Task', 'id': {id}, 'name': '{asset}'}} has been retired",
        logger="sgtk.core.context",
    ),
    Problem(
        "two entities of one name",
        "Found {count} shots with the name '{shot}' in project id {other_id}, expected one",
        logger="sgtk.core.path_cache",
    ),
    Problem(
        "no pipeline configuration",
        "project://sequences/{seq}/{shot} does not belong to any known project! (took {duration})",
        logger="sgtk.core.pipelineconfig_factory",
    ),
    Problem(
        "configuration is of another project",
        "Configuration '{uuid}' is for project {id} but the context is of project {other_id}",
        logger=_BOOTSTRAP,
    ),
    # Files.
    Problem(
        "file is not there",
        "File not found: project://assets/{asset}/publish/{asset}_{version}.ma",
        logger=_PUBLISH,
    ),
    Problem(
        "texture is not there",
        "Missing texture project://assets/{asset}/textures/{asset}_diffuse.{frame}.tx in {count} materials",
        logger=_PUBLISH,
    ),
    Problem(
        "frames are missing",
        "Sequence project://renders/{seq}/{shot}/beauty.%04d.exr is incomplete: "
        "{count} of {total} frames missing ({frames})",
        logger="sgtk.env.shot.tk-nuke.tk-multi-publish2",
    ),
    Problem(
        "frame is damaged",
        "project://renders/{seq}/{shot}/beauty.{frame}.exr: bad chunk at offset {offset}",
        logger="sgtk.ext.studio.render",
    ),
    Problem(
        "not writable",
        "Cannot write to project://sequences/{seq}/{shot}/work: permission denied for user '{user}'",
        logger=_WORKFILES,
    ),
    Problem(
        "disk is full",
        "Not enough space on project://sequences: {size} needed, {bytes} bytes free",
        logger=_PUBLISH,
    ),
    Problem(
        "quota of the home",
        "Disk quota of {user}@{host} exceeded in home://maya/projects ({percent}% used)",
        logger=_WORKFILES,
    ),
    Problem(
        "file is locked",
        "home://nuke/workspace.nk is locked by {email} on {host} since {date} {clock}",
        logger="sgtk.env.shot.tk-nuke",
    ),
    Problem(
        "path is too long",
        "The path is longer than {total} characters: project://renders/{seq}/{shot}/{shot}_{version}/beauty.{frame}.exr",
        logger=_PUBLISH,
    ),
    Problem(
        "checksums differ",
        "Checksum of project://publish/{shot}/{shot}_{version}.abc is {hex}, not as published",
        logger="sgtk.ext.studio.transfer",
    ),
    # The network, and the site.
    Problem(
        "site does not answer", "Could not reach {site}: timed out after {seconds} seconds", logger=_DESKTOP
    ),
    Problem(
        "site's certificate",
        "{site}: certificate verify failed: unable to get local issuer certificate (_ssl.c:{line})",
        logger=_DESKTOP,
    ),
    Problem(
        "proxy wants a password", "Proxy {ip}:{port} requires authentication (user {email})", logger=_DESKTOP
    ),
    Problem(
        "render server refuses",
        "Connection to {ip}:{port} refused, next attempt in {duration}",
        logger="sgtk.ext.studio.farm",
    ),
    Problem(
        "host has no name",
        "Could not resolve {host}:{port}: name or service not known",
        logger="sgtk.ext.studio.farm",
    ),
    Problem(
        "session has expired",
        "Session {uuid} of {email} expired at {date}T{clock}Z",
        logger="sgtk.core.authentication",
    ),
    Problem(
        "upload was cut",
        "Upload of {size} to {site}/upload/upload_file broke off at {percent}% after {duration}",
        logger=_PUBLISH,
    ),
    Problem(
        "too many calls",
        "{site} limits calls: {count} requests in {seconds} s, waiting {duration}",
        logger="sgtk.core.util.shotgun.connection",
    ),
    Problem(
        "download is not an archive",
        "{site}/file_serve/attachment/{id} did not return a zip file ({bytes} bytes)",
        logger=_BOOTSTRAP,
    ),
    # The tk-desktop.
    Problem(
        "desktop: old server",
        "[{host}] websocket server on port {port} is already running (pid {other_id})",
        logger="sgtk.ext.{tkimp}.tk_framework_desktopserver",
    ),
    Problem(
        "desktop: engine logs under its path",
        "Engine could not hide its splash window {address}",
        logger="sgtk.ext.bundle://tk-desktop/engine.py",
    ),
    Problem(
        "desktop: pipe broke",
        "Lost the pipe to process {id} of project '{project}'",
        None,
        "sgtk.ext.{tkimp}.tk_desktop.rpc",
        Dialect.PROXY,
    ),
    Problem(
        "desktop: object was destroyed",
        "Cannot close <tk_desktop.rpc.RPCServerThread object at {address}>: not running",
        None,
        "sgtk.ext.{tkimp}.tk_desktop.rpc",
        Dialect.PROXY,
    ),
    # What a farm or a checker says, the host's name first.
    Problem(
        "farm: out of memory",
        "{host}: killed for memory: {size} used in frame {frame} of {shot}_{version}",
        logger="sgtk.ext.studio.farm",
    ),
    Problem(
        "farm: a frame takes too long",
        "{host}: frame {frame} runs for {duration}, which is over the limit of pool nightly",
        logger="sgtk.ext.studio.farm",
    ),
    Problem(
        "check: geometry drifted",
        "Shape |{asset}|geo|body_{node} differs from the published one in {count} vertices",
        logger=_PUBLISH,
    ),
    Problem("check: frame range", "Range {frames} of the scene is not that of the shot", logger=_PUBLISH),
)
