"""Problems as the hosts show them: Maya, Unreal, Nuke, Houdini, Photoshop, plain Python, native code."""

from problem import Dialect, Frame, Problem, Raised
from problems.stacks import COMMAND

_CONSOLE = Frame("<maya console>", 1, "<module>", "")

_MAYA = (
    Problem(
        "maya: shelf tool, no selection",
        "list index out of range",
        Raised(
            "IndexError",
            "list index out of range",
            (
                _CONSOLE,
                Frame("studio://studio/shelf/mirror.py", 22, "mirror", "source = cmds.ls(selection=True)[0]"),
            ),
        ),
        dialect=Dialect.MAYA,
    ),
    Problem(
        "maya: shelf tool, object gone",
        "No object matches name: {asset}_ctl_{node}",
        Raised(
            "ValueError",
            "No object matches name: {asset}_ctl_{node}",
            (_CONSOLE, Frame("studio://studio/shelf/mirror.py", 31, "_flip", "cmds.setAttr(plug, -value)")),
        ),
        dialect=Dialect.MAYA,
    ),
    Problem(
        "maya: tool is not installed",
        "No module named studio_retarget",
        Raised("ImportError", "No module named studio_retarget", (_CONSOLE,)),
        dialect=Dialect.MAYA,
    ),
    Problem(
        "maya: python called from MEL",
        "'Rig' object has no attribute 'spine'",
        Raised(
            "AttributeError",
            "'Rig' object has no attribute 'spine'",
            (
                Frame("<string>", 1, "<module>", ""),
                Frame("studio://studio/rig/build.py", 403, "build", "self.rig.spine.connect(root)"),
            ),
        ),
        dialect=Dialect.MEL,
    ),
    Problem(
        "mel: procedure is not there",
        'file: studio://sgMenu.mel line {line}: Cannot find procedure "sgRebuildMenu".',
        dialect=Dialect.MEL,
    ),
    Problem(
        "mel: wrong argument",
        "file: studio://sgExport.mel line {line}: Wrong number of arguments on call to sgExportSelection.",
        dialect=Dialect.MEL,
    ),
    Problem(
        "mel: plug-in is unknown",
        "line {line}: file: project://assets/{asset}/work/{asset}_{version}.ma line {column}: "
        "requires: unknown plug-in xgenToolkit",
        dialect=Dialect.MEL,
    ),
    Problem(
        "maya: stack of a crash",
        "Fatal Error. Attempting to save in temp://{user}.{date}.{id}.ma\n"
        "Stack trace:\n"
        "  OpenMaya.dll!TdependNode::evaluate + {offset}\n"
        "  DependEngine.dll!TscheduleCluster::execute + {offset}\n"
        "  [{address}] tbb.dll!tbb::task_group_context::run",
        dialect=Dialect.BARE,
    ),
)

_UNREAL = (
    Problem(
        "unreal: asset is not a sequence",
        "",
        Raised(
            "AttributeError",
            "'StaticMesh' object has no attribute 'get_movie_scene'",
            (
                Frame("project://Content/Python/init_unreal.py", 14, "<module>", "menu.build()"),
                Frame(
                    "bundle://tk-unreal/python/tk_unreal/menu.py",
                    77,
                    "build",
                    "scene = asset.get_movie_scene()",
                ),
            ),
        ),
        dialect=Dialect.UNREAL,
    ),
    Problem(
        "unreal: level cannot be saved",
        "",
        Raised(
            "Exception",
            "EditorAssetLibrary: could not save /Game/Shots/{seq}/{shot}/{shot}_lay",
            (Frame("project://Content/Python/save_shot.py", 41, "save", "raise Exception(message)"),),
        ),
        dialect=Dialect.UNREAL,
    ),
    Problem(
        "unreal: no turntable", "Turntable for '{asset}_{version}' has no camera", dialect=Dialect.UNREAL
    ),
)

_PLAIN = (
    Problem(
        "logging: daemon cannot bind",
        "listener stopped",
        Raised(
            "OSError",
            "[Errno 98] Address already in use: ('{ip}', {port})",
            (Frame("studio://studio/daemon/listen.py", 50, "listen", "self._socket.bind(address)"),),
        ),
        "root",
        Dialect.LOGGING,
    ),
    Problem(
        "logging: worker stalls",
        "worker {id} has not answered for {duration}",
        None,
        "studio.daemon",
        Dialect.LOGGING,
    ),
    Problem(
        "logging: event without a project",
        "event {id} dropped",
        Raised(
            "KeyError",
            "'project'",
            (Frame("studio://shotgun_events/plugins/rename.py", 29, "rename", 'project = event["project"]'),),
        ),
        "shotgun_events.plugins",
        Dialect.LOGGING_DASHES,
    ),
    Problem(
        "logging: no lease",
        "no lease for {host} ({ip}) in {seconds} seconds",
        None,
        "studio.license",
        Dialect.LOGGING_DASHES,
    ),
    Problem(
        "logging: text that is not UTF-8",
        "cannot read note {id} of {email}",
        Raised(
            "UnicodeDecodeError",
            "'utf-8' codec can't decode byte 0xe9 in position {column}: invalid continuation byte",
            (Frame("studio://studio/notes/sync.py", 118, "read", 'text = raw.decode("utf-8")'),),
        ),
        "studio.notes",
        Dialect.LOGGING_COLUMNS,
    ),
    Problem(
        "bare: script of a wrapper",
        "",
        Raised(
            "KeyError",
            "'STUDIO_SHOW'",
            (
                Frame("studio://launch.py", 9, "<module>", "main()"),
                Frame("studio://launch.py", 5, "main", 'show = os.environ["STUDIO_SHOW"]'),
                Frame("python://os.py", 675, "__getitem__", "raise KeyError(key) from None"),
            ),
        ),
        dialect=Dialect.BARE,
    ),
)

_OTHER_HOSTS = (
    Problem(
        "nuke: node without a channel",
        "Read{node}: no channels named depth.Z in project://renders/{seq}/{shot}/beauty.{frame}.exr",
        logger="sgtk.env.shot.tk-nuke",
    ),
    Problem(
        "nuke: write node will not render",
        "Write{node} could not be rendered",
        Raised(
            "RuntimeError",
            "Write{node}: filename is empty",
            (
                *COMMAND,
                Frame(
                    "bundle://tk-nuke-writenode/python/tk_nuke_writenode/handler.py",
                    940,
                    "render",
                    "nuke.execute(node, first, last)",
                ),
            ),
        ),
        "sgtk.env.shot.tk-nuke.tk-nuke-writenode",
    ),
    Problem(
        "nuke: stack of a crash",
        "#0  {address} in DD::Image::Hash::append(unsigned int) () from /usr/local/Nuke15.0v4/libDDImage.so\n"
        "#1  {other_address} in DD::Image::Op::validate(bool) () from /usr/local/Nuke15.0v4/libDDImage.so\n"
        "#2  {address} in start_thread (arg={other_address}) at pthread_create.c:{line}",
        dialect=Dialect.BARE,
    ),
    Problem(
        "houdini: node did not cook",
        "/obj/{asset}_{node}/sim/dopimport{node} could not be cooked",
        Raised(
            "hou.OperationFailed",
            "The attempted operation failed.\nCook error in input: /obj/{asset}_{node}/sim/dopnet{node}",
            (
                *COMMAND,
                Frame(
                    "bundle://tk-houdini-alembicnode/python/node/handler.py",
                    133,
                    "cook",
                    "node.cook(force=True)",
                ),
            ),
        ),
        "sgtk.env.shot.tk-houdini.tk-houdini-alembicnode",
    ),
    Problem(
        "houdini: digital asset is not there",
        "Unable to find the definition of studio::rig_base::{node}.0 in project://hda/{asset}.hda",
        logger="sgtk.env.asset.tk-houdini",
    ),
    Problem(
        "photoshop: no document",
        "export_as_jpeg failed",
        Raised(
            "{tkimp}.tk_photoshopcc.win_32.RPCTimeoutError",
            "Timed out waiting for response: {uuid}",
            (
                Frame(
                    "bundle://tk-photoshopcc/python/tk_photoshopcc/rpc/proxy.py",
                    89,
                    "__getattr__",
                    "raise RPCTimeoutError(message)",
                ),
            ),
        ),
        "sgtk.env.asset.tk-photoshopcc",
    ),
    Problem(
        "photoshop: layer is locked",
        "The command “Set” is not currently available: layer '{asset}_{version}' is locked",
        logger="sgtk.env.asset.tk-photoshopcc",
    ),
    Problem(
        "renderer: license server",
        "[host {host}] no RLM license server found on {ip}:{port}, rendering with watermark",
        logger="sgtk.ext.studio.render",
    ),
)

PROBLEMS = (*_MAYA, *_UNREAL, *_PLAIN, *_OTHER_HOSTS)
