"""Tracebacks that look alike and are not the same problem; each family says what tells them apart."""

from problem import Dialect, Frame, Problem, Raised
from problems.stacks import APP_START, COMMAND, HOOK, PUBLISH_CLICK, SITE_CREATE, SITE_SOCKET

_PUBLISH = "sgtk.env.shot.tk-maya.tk-multi-publish2"
_FAULT = "tank_vendor.shotgun_api3.shotgun.Fault"
_REGISTER = Frame(
    "core://tank/util/shotgun/publish_creation.py",
    345,
    "register_publish",
    "entity = tk.shotgun.create(published_file_entity_type, data)",
)


def _fault(name: str, message: str) -> Problem:
    """The site refused a call: the same frames, whatever its reason."""
    return Problem(
        name, "Could not register publish {id}", Raised(_FAULT, message, (_REGISTER, *SITE_CREATE)), _PUBLISH
    )


def _network(name: str, error_type: str, message: str) -> Problem:
    """The site could not be reached: the same frames, whatever lies between."""
    raised = Raised(error_type, message, (*COMMAND, *SITE_SOCKET), is_python3=True)
    return Problem(name, "Could not connect to {site}", raised, "sgtk.core.util.shotgun")


def _app_start(name: str, raised: Raised) -> Problem:
    """The same header: an app is not there, for a reason of its own."""
    return Problem(
        name, "App bundle://tk-multi-publish2 failed to initialize. It will not be loaded.", raised
    )


def _import(name: str, module: str) -> Problem:
    frames = (
        *APP_START,
        Frame("bundle://tk-multi-publish2/app.py", 40, "init_app", 'self.import_module("tk_multi_publish2")'),
    )
    return _app_start(
        name, Raised("ModuleNotFoundError", f"No module named '{module}'", frames, is_python3=True)
    )


def _collect(name: str, error_type: str, message: str) -> Problem:
    """One function of one hook raises it, by way of the frames of every hook."""
    frames = (
        *HOOK,
        Frame(
            "config://hooks/tk-multi-publish2/collect_shot.py",
            77,
            "collect",
            "return self._read(shot, settings)",
        ),
    )
    return Problem(name, "Collecting failed for {shot}", Raised(error_type, message, frames), _PUBLISH)


def _publish_hook(name: str, frame: Frame, error_type: str, message: str) -> Problem:
    return Problem(
        name,
        "Publish failed after {duration}",
        Raised(error_type, message, (*PUBLISH_CLICK, frame)),
        _PUBLISH,
    )


def _dialog(name: str, path: str) -> Problem:
    frame = Frame(path, 68, "__init__", "self._settings.restore(self.ui)")
    raised = Raised("AttributeError", "'NoneType' object has no attribute 'restore'", (*COMMAND, frame))
    return Problem(name, "Could not open the dialog", raised, "sgtk.env.shot.tk-maya")


def _cache(name: str, cause: Raised) -> Problem:
    frame = Frame(
        "studio://studio/cache/export.py",
        61,
        "export",
        'raise CacheError("cache could not be written") from error',
    )
    raised = Raised("studio.cache.CacheError", "cache could not be written", (*COMMAND, frame), after=cause)
    return Problem(name, "Export of {frames} failed", raised, "sgtk.ext.studio.cache")


def _copy(name: str, error_type: str, message: str) -> Problem:
    frames = (
        Frame("studio://studio/publish/transfer.py", 88, "copy", "shutil.copyfile(source, target)"),
        Frame("python://shutil.py", 264, "copyfile", "with open(dst, mode) as fdst:"),
    )
    return Problem(
        name, "Could not copy {size}", Raised(error_type, message, frames, is_python3=True), _PUBLISH
    )


def _console(name: str, error_type: str, message: str) -> Problem:
    return Problem(
        name,
        message,
        Raised(error_type, message, (Frame("<maya console>", 1, "<module>", ""),)),
        dialect=Dialect.MAYA,
    )


def _command(name: str, status: int) -> Problem:
    frames = (
        Frame("studio://studio/media/proxy.py", 44, "make", "subprocess.check_call(command)"),
        Frame("python://subprocess.py", 373, "check_call", "raise CalledProcessError(retcode, cmd)"),
    )
    text = f"Command '['oiiotool', 'temp!r://{{uuid}}.exr']' returned non-zero exit status {status}."
    raised = Raised("subprocess.CalledProcessError", text, frames)
    return Problem(name, "No proxy for {shot}", raised, "sgtk.ext.studio.media")


_SESSION, _PLAYBLAST = (
    "config://hooks/tk-multi-publish2/publish_session.py",
    "config://hooks/tk-multi-publish2/publish_playblast.py",
)
_JOIN, _NO_TEXT = 'target = folder + "/" + name', "unsupported operand type(s) for +: 'NoneType' and 'str'"
_ABC_WRITE = Frame("studio://studio/cache/alembic.py", 142, "write", "self._archive.flush()")
PROBLEMS = (
    # The number is the kind of error: #5 is a field's permission, #6 a missing entity.
    _fault("fault: crud 5", "API create() CRUD ERROR #5: PublishedFile {id} could not be created"),
    _fault("fault: crud 6", "API create() CRUD ERROR #6: PublishedFile {id} could not be created"),
    _fault("fault: version's field", "API create() Version.sg_path_to_cache doesn't exist: {id}"),
    _fault(
        "fault: published file's field", "API create() PublishedFile.sg_path_to_cache doesn't exist: {id}"
    ),
    # A full disk is the systems department's, a permission the project's, a missing file the artist's.
    _copy(
        "errno: full",
        "OSError",
        "[Errno 28] No space left on device: 'project!r://publish/{shot}/{shot}_{version}.ma'",
    ),
    _copy(
        "errno: permission",
        "PermissionError",
        "[Errno 13] Permission denied: 'project!r://publish/{shot}/{shot}_{version}.ma'",
    ),
    _copy(
        "errno: not there",
        "FileNotFoundError",
        "[Errno 2] No such file or directory: 'project!r://publish/{shot}/{shot}_{version}.ma'",
    ),
    # Nothing listens, nothing answers, a certificate is not trusted, or the port has no TLS at all.
    _network("network: refused", "ConnectionRefusedError", "[Errno 111] Connection refused"),
    _network("network: timeout", "TimeoutError", "[Errno 110] Connection timed out"),
    _network(
        "network: certificate",
        "ssl.SSLError",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:{line})",
    ),
    _network(
        "network: no TLS there",
        "ssl.SSLError",
        "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:{line})",
    ),
    # 1 is the tool's own failure, 127 a tool that is not there.
    _command("status: 1", 1),
    _command("status: 127", 127),
    # What is missing is what has to be installed, defined or set.
    _import("import: OpenImageIO", "OpenImageIO"),
    _import("import: opentimelineio", "opentimelineio"),
    # The name is the fault: one line of the hook, one type, another key or attribute.
    _collect("key: cut in", "KeyError", "'sg_cut_in'"),
    _collect("key: cut out", "KeyError", "'sg_cut_out'"),
    _collect("key: an id", "KeyError", "{id}"),
    _collect("attribute: task", "AttributeError", "'NoneType' object has no attribute 'task'"),
    _collect("attribute: step", "AttributeError", "'NoneType' object has no attribute 'step'"),
    _collect("argument: thumbnail", "TypeError", "collect() got an unexpected keyword argument 'thumbnail'"),
    _collect("argument: comment", "TypeError", "collect() got an unexpected keyword argument 'comment'"),
    # One place and one type, which is everybody's: only the message tells.
    _collect("meaning: no folders", "tank.errors.TankError", "Folders of {shot} have not been created"),
    _collect("meaning: no cut", "tank.errors.TankError", "Cut of {shot} has not been approved"),
    _collect(
        "meaning: read-only scene",
        "RuntimeError",
        "Scene project://sequences/{seq}/{shot}/{shot}_{version}.ma is read-only",
    ),
    _collect(
        "meaning: unknown nodes",
        "RuntimeError",
        "Scene project://sequences/{seq}/{shot}/{shot}_{version}.ma has unknown nodes",
    ),
    _collect(
        "codec: ascii",
        "UnicodeEncodeError",
        "'ascii' codec can't encode characters in position {column}-{total}: ordinal not in range(128)",
    ),
    _collect(
        "codec: charmap",
        "UnicodeEncodeError",
        "'charmap' codec can't encode characters in position {column}-{total}: character maps to <undefined>",
    ),
    # One header, other causes.
    _app_start(
        "app start: no template",
        Raised(
            "tank.errors.TankError",
            "Hook 'post_publish' is not defined in the configuration",
            (
                *APP_START,
                Frame(
                    "core://tank/platform/validation.py",
                    201,
                    "validate_settings",
                    "self._validate_settings_hook(name, value)",
                ),
            ),
        ),
    ),
    _app_start(
        "app start: old interface",
        Raised(
            "AttributeError",
            "module 'tk_multi_publish2' has no attribute 'show_dialog'",
            (
                *APP_START,
                Frame("bundle://tk-multi-publish2/app.py", 52, "init_app", "show = self._module.show_dialog"),
            ),
        ),
    ),
    # One message and type, the same method, in another hook; and in another function of the same hook.
    _publish_hook("hook: session", Frame(_SESSION, 96, "publish", _JOIN), "TypeError", _NO_TEXT),
    _publish_hook("hook: playblast", Frame(_PLAYBLAST, 71, "publish", _JOIN), "TypeError", _NO_TEXT),
    _publish_hook(
        "hook: playblast's finalize", Frame(_PLAYBLAST, 130, "finalize", _JOIN), "TypeError", _NO_TEXT
    ),
    # An assertion says nothing but where it stands.
    _publish_hook(
        "assert: names",
        Frame("studio://studio/check/scene.py", 12, "check_names", "assert not clashes"),
        "AssertionError",
        "",
    ),
    _publish_hook(
        "assert: scale",
        Frame("studio://studio/check/scene.py", 40, "check_scale", "assert scale == 1"),
        "AssertionError",
        "",
    ),
    # The digits are part of the function's name, and the folder is part of the hook's.
    _publish_hook(
        "function: 8 bits",
        Frame("studio://studio/check/image.py", 30, "to_int8", "return x * 255"),
        "OverflowError",
        "value is out of range",
    ),
    _publish_hook(
        "function: 16 bits",
        Frame("studio://studio/check/image.py", 36, "to_int16", "return x * 65535"),
        "OverflowError",
        "value is out of range",
    ),
    _publish_hook(
        "hook: engine Maya",
        Frame("config://hooks/tk-maya/pre_publish.py", 17, "execute", "return self.scene.name"),
        "AttributeError",
        "'NoneType' object has no attribute 'name'",
    ),
    _publish_hook(
        "hook: engine Nuke",
        Frame("config://hooks/tk-nuke/pre_publish.py", 17, "execute", "return self.scene.name"),
        "AttributeError",
        "'NoneType' object has no attribute 'name'",
    ),
    # Every app has its dialog.py: only the bundle's name tells.
    _dialog("dialog: loader", "bundle://tk-multi-loader2/python/app/dialog.py"),
    _dialog("dialog: snapshot", "bundle://tk-multi-snapshot/python/app/dialog.py"),
    # One exception at the end of the chain, another at its root.
    _cache("cause: full", Raised("OSError", "[Errno 28] No space left on device", (_ABC_WRITE,))),
    _cache("cause: permission", Raised("PermissionError", "[Errno 13] Permission denied", (_ABC_WRITE,))),
    _cache("cause: nothing to write", Raised("ValueError", "no samples in range", (_ABC_WRITE,))),
    # All frames are the console's.
    _console("console: cmds", "NameError", "name 'cmds' is not defined"),
    _console("console: pm", "NameError", "name 'pm' is not defined"),
    # One statement fails in two ways that the database knows.
    Problem(
        "cache database: no table",
        "Path cache could not be synchronised.",
        Raised(
            "sqlite3.OperationalError",
            "no such table: shotgun_status",
            (Frame("core://tank/path_cache.py", 612, "_do_full_sync", "c.execute(sql)"),),
        ),
        "sgtk.core.path_cache",
    ),
)
