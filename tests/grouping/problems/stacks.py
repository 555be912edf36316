"""Stacks of the core and of the site's client: the same in problems that have nothing in common."""

from problem import Frame

COMMAND = (
    Frame("core://tank/platform/engine.py", 1081, "callback_wrapper", "return callback(*args, **kwargs)"),
)

APP_START = (Frame("core://tank/platform/engine.py", 2873, "__load_apps", "app.init_app()"),)

BOOTSTRAP = (
    Frame(
        "core://tank/bootstrap/manager.py",
        584,
        "bootstrap_engine",
        "tk = self._bootstrap_sgtk(engine_name, entity)",
    ),
    Frame("core://tank/bootstrap/manager.py", 1247, "_bootstrap_sgtk", "config.update_configuration()"),
)

HOOK = (
    Frame(
        "core://tank/platform/bundle.py",
        1022,
        "execute_hook_method",
        "return self.__execute_hook_expression(hook_expression, method_name, **kwargs)",
    ),
    Frame(
        "core://tank/pipelineconfig.py",
        1190,
        "execute_core_hook_method_internal",
        "return hook.execute_hook_method(file_names, parent, method_name, **kwargs)",
    ),
    Frame(
        "core://tank/hook.py", 743, "execute_hook_method", "ret_val = getattr(hook, method_name)(**kwargs)"
    ),
)

PUBLISH_CLICK = (
    Frame(
        "bundle://tk-multi-publish2/python/tk_multi_publish2/dialog.py",
        1204,
        "do_publish",
        "self._publish_items()",
    ),
    Frame(
        "bundle://tk-multi-publish2/python/tk_multi_publish2/api/manager.py",
        392,
        "publish",
        "task.publish(self.progress, task_generator)",
    ),
    Frame(
        "bundle://tk-multi-publish2/python/tk_multi_publish2/api/plugins/publish_plugin_instance.py",
        312,
        "run_publish",
        "self._hook_instance.publish(settings, item)",
    ),
)

LOADER_ACTION = (
    Frame(
        "bundle://tk-multi-loader2/python/tk_multi_loader/loader_action_manager.py",
        188,
        "_execute_hook",
        'self._app.execute_hook_method("actions_hook", "execute_multiple_actions", actions=actions)',
    ),
)

# What every call of the site goes through; the fault is raised at the last of them.
SITE_CALL = (
    Frame("core://tank_vendor/shotgun_api3/shotgun.py", 4104, "_call_rpc", "self._response_errors(response)"),
    Frame(
        "core://tank_vendor/shotgun_api3/shotgun.py",
        4434,
        "_response_errors",
        'raise Fault(sg_response.get("message", "Unknown Error"))',
    ),
)

SITE_CREATE = (
    Frame(
        "core://tank_vendor/shotgun_api3/shotgun.py",
        1495,
        "create",
        'record = self._call_rpc("create", params, first=True)',
    ),
    *SITE_CALL,
)

SITE_FIND = (
    Frame(
        "core://tank_vendor/shotgun_api3/shotgun.py", 1061, "find", 'result = self._call_rpc("read", params)'
    ),
    *SITE_CALL,
)

# Down to the socket, where the network is the problem.
SITE_SOCKET = (
    Frame(
        "core://tank_vendor/shotgun_api3/shotgun.py",
        4079,
        "_call_rpc",
        "http_status, resp_headers, body = self._make_call(",
    ),
    Frame(
        "core://tank_vendor/shotgun_api3/shotgun.py",
        4251,
        "_make_call",
        "return self._http_request(verb, path, body, req_headers)",
    ),
    Frame("core://tank_vendor/httplib2/__init__.py", 1994, "request", "(response, content) = self._request("),
    Frame("core://tank_vendor/httplib2/__init__.py", 1346, "_conn_request", "conn.connect()"),
)
