"""Problems that Toolkit logs with a traceback below the message."""

from problem import Frame, Problem, Raised
from problems.stacks import APP_START, BOOTSTRAP, COMMAND, HOOK, LOADER_ACTION, PUBLISH_CLICK, SITE_FIND

TANK_ERROR = "tank.errors.TankError"

_PUBLISH_NAME = Frame(
    "config://hooks/tk-multi-publish2/maya/publish_session.py",
    118,
    "publish",
    "path = self.get_publish_path(item)",
)
_WORK_FIELDS = Frame(
    "core://tank/template.py",
    512,
    "validate_and_get_fields",
    "fields = self.get_fields(path, required_fields)",
)
_ALEMBIC = Frame(
    "config://hooks/tk-multi-publish2/maya/publish_alembic.py", 164, "publish", "cmds.AbcExport(j=job)"
)

PROBLEMS = (
    # Logged with exc_info: a header of the caller's, then the traceback.
    Problem(
        "publish: no context",
        "Publish failed for {shot}_anim_{version}",
        Raised(
            "AttributeError",
            "'NoneType' object has no attribute 'entity'",
            (
                *PUBLISH_CLICK,
                _PUBLISH_NAME,
                Frame(_PUBLISH_NAME.path, 240, "get_publish_path", "name = item.context.entity"),
            ),
        ),
        "sgtk.env.shot.tk-maya.tk-multi-publish2",
    ),
    Problem(
        "publish: alembic job",
        "Error publishing {shot}_anim_{version}: Aborting.",
        Raised("RuntimeError", "Maya command error", (*PUBLISH_CLICK, _ALEMBIC)),
        "sgtk.env.shot.tk-maya.tk-multi-publish2",
    ),
    Problem(
        "publish: thumbnail of a movie",
        "Could not create thumbnail for project://renders/{seq}/{shot}/{shot}_comp_{version}.mov",
        Raised(
            "subprocess.CalledProcessError",
            "Command '['ffmpeg', '-i', 'project!r://renders/{seq}/{shot}/{shot}_comp_{version}.mov']' "
            "returned non-zero exit status 1.",
            (
                Frame(
                    "studio://studio/media/thumbnail.py",
                    57,
                    "make",
                    "subprocess.check_call(command, env=environment)",
                ),
                Frame("python://subprocess.py", 373, "check_call", "raise CalledProcessError(retcode, cmd)"),
            ),
        ),
        "sgtk.env.shot_step.tk-nuke.tk-multi-publish2",
    ),
    Problem(
        "loader: reference with clashing namespace",
        "Could not reference publish {id}",
        Raised(
            "RuntimeError",
            "Reference file not found.: project://assets/{asset}/publish/{asset}_rig.ma",
            (
                *LOADER_ACTION,
                *HOOK,
                Frame(
                    "config://hooks/tk-multi-loader2/tk-maya_actions.py",
                    301,
                    "_create_reference",
                    "pm.system.createReference(path, namespace=ns)",
                ),
            ),
        ),
        "sgtk.env.shot.tk-maya.tk-multi-loader2",
    ),
    Problem(
        "breakdown: no scan hook result",
        "Scan failed after {duration}",
        Raised(
            "TypeError",
            "'NoneType' object is not iterable",
            (
                *COMMAND,
                Frame(
                    "bundle://tk-multi-breakdown2/python/tk_multi_breakdown2/api/manager.py",
                    88,
                    "scan_scene",
                    "for item in scene_objects:",
                ),
            ),
        ),
        "sgtk.env.shot.tk-maya.tk-multi-breakdown2",
    ),
    # log_exception(): what the core says, then the traceback.
    Problem(
        "app start: setting of wrong type",
        "App bundle://tk-multi-workfiles2 failed to initialize. It will not be loaded.",
        Raised(
            TANK_ERROR,
            "Invalid type for value in setting 'launch_at_startup': expected bool",
            (
                *APP_START,
                Frame("bundle://tk-multi-workfiles2/app.py", 61, "init_app", "self._check_settings()"),
            ),
        ),
    ),
    Problem(
        "app start: Qt is absent",
        "App bundle://tk-multi-shotgunpanel failed to initialize. It will not be loaded.",
        Raised(
            "ImportError",
            "cannot import name 'QtWebEngineWidgets' from 'PySide2' (packages://PySide2/__init__.py)",
            (
                *APP_START,
                Frame(
                    "bundle://tk-multi-shotgunpanel/app.py",
                    44,
                    "init_app",
                    'app_payload = self.import_module("app")',
                ),
            ),
            is_python3=True,
        ),
    ),
    Problem(
        "engine start: version of Maya",
        "Could not start engine tk-maya (took {duration})",
        Raised(
            "{tkimp}.tk_maya.errors.UnsupportedHost",
            "this Maya is not supported by the engine",
            (
                Frame("core://tank/platform/engine.py", 3011, "_start_engine", "engine.pre_app_init()"),
                Frame("bundle://tk-maya/engine.py", 377, "pre_app_init", "raise UnsupportedHost(MESSAGE)"),
            ),
        ),
        "sgtk.core.platform.engine",
    ),
    # The message is the exception's text.
    Problem(
        "template: path does not match",
        "The path 'project://sequences/{seq}/{shot}/old/{shot}.ma' does not match the template!",
        Raised(
            TANK_ERROR,
            "The path 'project://sequences/{seq}/{shot}/old/{shot}.ma' does not match the template!",
            (
                *COMMAND,
                Frame(
                    "bundle://tk-multi-snapshot/app.py",
                    203,
                    "snapshot",
                    "fields = template.validate_and_get_fields(path)",
                ),
                _WORK_FIELDS,
            ),
        ),
        "sgtk.core.template",
    ),
    Problem(
        "yaml: tab in a file of the configuration",
        "Could not parse config://env/shot.yml",
        Raised(
            "tank_vendor.yaml.scanner.ScannerError",
            "while scanning for the next token\n"
            "found character '\\t' that cannot start any token\n"
            '  in "config://env/shot.yml", line {line}, column {column}',
            (
                *BOOTSTRAP,
                Frame(
                    "core://tank/util/yaml_cache.py",
                    195,
                    "_populate_cache_item_data",
                    "raw_data = yaml.load(fh, Loader=yaml.FullLoader)",
                ),
                Frame(
                    "core://tank_vendor/yaml/scanner.py",
                    258,
                    "fetch_more_tokens",
                    "raise ScannerError(problem, mark)",
                ),
            ),
        ),
        "sgtk.core.util.yaml_cache",
    ),
    Problem(
        "json: empty settings file",
        "Expecting value: line 1 column 1 (char 0)",
        Raised(
            "json.decoder.JSONDecodeError",
            "Expecting value: line 1 column 1 (char 0)",
            (
                Frame("studio://studio/launch/settings.py", 33, "read", "return json.load(stream)"),
                Frame(
                    "python://json/__init__.py",
                    293,
                    "load",
                    "return loads(fp.read(), cls=cls, object_hook=object_hook)",
                ),
                Frame(
                    "python://json/decoder.py",
                    355,
                    "raw_decode",
                    'raise JSONDecodeError("Expecting value", s, err.value) from None',
                ),
            ),
            is_python3=True,
        ),
        "sgtk.ext.studio.launch",
    ),
    Problem(
        "site: field is not there",
        "Could not load the task list",
        Raised(
            "tank_vendor.shotgun_api3.shotgun.Fault",
            "API read() Task.sg_priority_2 doesn't exist:",
            (
                *COMMAND,
                Frame(
                    "bundle://tk-framework-shotgunutils/python/shotgun_model/data_handler.py",
                    181,
                    "fetch",
                    "records = self._shotgun.find(entity_type, filters, fields)",
                ),
                *SITE_FIND,
            ),
        ),
        "sgtk.env.project.tk-maya.tk-multi-workfiles2",
    ),
)
