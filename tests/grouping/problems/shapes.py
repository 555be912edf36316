"""Problems whose traceback stands elsewhere than below the message, or has come through in part."""

from problem import Dialect, Frame, Problem, Raised, Shape
from problems.stacks import HOOK

PROBLEMS = (
    # The message starts with the traceback: tk-desktop's excepthook.
    Problem(
        "desktop: misspelt name",
        "",
        Raised(
            "NameError",
            "name 'self_update' is not defined",
            (
                Frame(
                    "bundle://tk-desktop/python/tk_desktop/desktop_window.py",
                    1310,
                    "_on_update_clicked",
                    "self_update(channel)",
                ),
            ),
            suggestion=". Did you mean: 'self._update'?",
        ),
        "sgtk.env.site.tk-desktop",
        shape=Shape.BEHIND,
    ),
    Problem(
        "desktop: thumbnail worker is gone",
        "",
        Raised(
            "RuntimeError",
            "wrapped C/C++ object of type ThumbnailWorker has been deleted",
            (
                Frame(
                    "bundle://tk-framework-qtwidgets/python/views/thumbs.py",
                    91,
                    "_on_loaded",
                    "self._worker.done.emit(uid, image)",
                ),
            ),
        ),
        "sgtk.env.site.tk-desktop",
        shape=Shape.BEHIND,
    ),
    # A prefix and format_exc().
    Problem(
        "callback: scene changed while saving",
        "Exception in callback for {shot}: ",
        Raised(
            "RuntimeError",
            "Internal C++ object (PySide2.QtCore.QTimer) already deleted.",
            (Frame("bundle://tk-maya/python/tk_maya/watcher.py", 74, "_on_saved", "self._changed(SAVED)"),),
        ),
        "sgtk.env.shot.tk-maya",
        shape=Shape.BEHIND,
    ),
    Problem(
        "farm: submission rejected",
        "Submission of {frames} failed, {count} of {total} tasks are lost.\n\n",
        Raised(
            "studio.farm.errors.Rejected",
            "pool is closed for maintenance",
            (
                Frame("studio://studio/farm/submit.py", 211, "submit", "self._farm.enqueue(job, tasks)"),
                Frame("studio://studio/farm/client.py", 96, "enqueue", "raise Rejected(answer.reason)"),
            ),
        ),
        "sgtk.ext.{tkimp}.tk_multi_farm.submit",
    ),
    # [PROXY]: from the project process, under the site process's pid and logger.
    Problem(
        "proxy: project menu",
        "Error building the project's menu",
        Raised(
            "KeyError",
            "'sg_short_name'",
            (
                Frame(
                    "bundle://tk-desktop/python/tk_desktop/project_menu.py",
                    152,
                    "_add_command",
                    'name = properties["sg_short_name"]',
                ),
            ),
        ),
        "sgtk.ext.{tkimp}.tk_desktop.site_communication",
        Dialect.PROXY,
    ),
    Problem(
        "proxy: DCC does not launch",
        "Failed to launch application: Houdini for {project}",
        Raised(
            "tank.platform.errors.TankEngineInitError",
            "Could not launch the executable",
            (
                *HOOK,
                Frame(
                    "bundle://tk-multi-launchapp/hooks/app_launch.py",
                    83,
                    "execute",
                    "exit_code = os.system(cmd)",
                ),
            ),
        ),
        "sgtk.ext.{tkimp}.tk_desktop.site_communication",
        Dialect.PROXY,
    ),
    # Neither title nor exception: only the way it took is known.
    Problem(
        "proxy: frames only, heartbeat",
        "Heartbeat missed",
        Raised(
            "socket.timeout",
            "timed out",
            (
                Frame("bundle://tk-desktop/python/tk_desktop/rpc.py", 301, "run", "connection.recv_bytes()"),
                Frame(
                    "python://multiprocessing/connection.py",
                    216,
                    "recv_bytes",
                    "buf = self._recv_bytes(maxlength)",
                ),
            ),
        ),
        "sgtk.ext.{tkimp}.tk_desktop.site_communication",
        Dialect.PROXY,
        Shape.FRAMES_ONLY,
    ),
    Problem(
        "proxy: frames only, command",
        "Command failed",
        Raised(
            "ValueError",
            "no such command",
            (
                Frame(
                    "bundle://tk-desktop/python/tk_desktop/rpc.py",
                    188,
                    "_dispatch",
                    "return func(*args, **kwargs)",
                ),
                Frame(
                    "bundle://tk-desktop/python/tk_desktop/project_commands.py",
                    66,
                    "trigger",
                    "callback = self._commands[name]",
                ),
            ),
        ),
        "sgtk.ext.{tkimp}.tk_desktop.site_communication",
        Dialect.PROXY,
        Shape.FRAMES_ONLY,
    ),
    # An empty message, everything below it.
    Problem(
        "empty message: cache database locked",
        "Path cache could not be synchronised.",
        Raised(
            "sqlite3.OperationalError",
            "database is locked",
            (Frame("core://tank/path_cache.py", 612, "_do_full_sync", "c.execute(sql)"),),
        ),
        "sgtk.core.path_cache",
        shape=Shape.BELOW_NOTHING,
    ),
    Problem(
        "empty message: several errors listed",
        "Validation found problems:\n"
        " - '{asset}': no UV set on {count} shapes\n"
        " - '{asset}': {count} non-manifold edges",
        None,
        "sgtk.env.asset.tk-maya.tk-multi-publish2",
        shape=Shape.BELOW_NOTHING,
    ),
)
