"""Problems that more than one exception tells of: chains, groups, and recursion."""

from problem import Frame, Link, Problem, Raised
from problems.stacks import BOOTSTRAP, COMMAND

PROBLEMS = (
    # Chains: the cause is what explains.
    Problem(
        "chain: resolver caused by a missing file",
        "Bootstrap failed",
        Raised(
            "tank.descriptor.errors.TankDescriptorIOError",
            "Could not download sgtk:descriptor:app_store?name=tk-multi-demo&version={release}",
            (
                *BOOTSTRAP,
                Frame(
                    "core://tank/descriptor/io_descriptor/appstore.py",
                    552,
                    "_download_local",
                    "raise TankDescriptorIOError(MESSAGE) from e",
                ),
            ),
            after=Raised(
                "zipfile.BadZipFile",
                "File is not a zip file",
                (
                    Frame(
                        "core://tank/util/zip.py",
                        41,
                        "unzip_file",
                        "zip_obj = zipfile.ZipFile(zip_file, READ)",
                    ),
                    Frame(
                        "python://zipfile.py",
                        1332,
                        "_RealGetContents",
                        'raise BadZipFile("File is not a zip file")',
                    ),
                ),
            ),
        ),
        "sgtk.core.bootstrap.manager",
    ),
    Problem(
        "chain: clean-up fails in its turn",
        "Could not publish {asset}",
        Raised(
            "PermissionError",
            "[Errno 13] Permission denied: 'temp!r://publish_{uuid}/cache.abc'",
            (Frame("studio://studio/publish/transfer.py", 140, "clean_up", "os.remove(path)"),),
            after=Raised(
                "OSError",
                "[Errno 28] No space left on device: 'project!r://assets/{asset}/publish/{asset}_{version}.abc'",
                (
                    Frame(
                        "studio://studio/publish/transfer.py",
                        97,
                        "copy",
                        "shutil.copyfileobj(source, target)",
                    ),
                ),
            ),
            link=Link.CONTEXT,
        ),
        "sgtk.env.asset.tk-maya.tk-multi-publish2",
    ),
    Problem(
        "chain: three exceptions",
        "Look could not be assigned to {asset}",
        Raised(
            "studio.look.LookError",
            "no look for this asset",
            (
                *COMMAND,
                Frame("studio://studio/look/assign.py", 210, "assign", "raise LookError(NO_LOOK) from error"),
            ),
            after=Raised(
                "studio.look.StoreError",
                "store has no index",
                (
                    Frame(
                        "studio://studio/look/store.py", 77, "index", "raise StoreError(NO_INDEX) from error"
                    ),
                ),
                after=Raised(
                    "FileNotFoundError",
                    "[Errno 2] No such file or directory: 'project!r://assets/{asset}/look/index.json'",
                    (Frame("studio://studio/look/store.py", 71, "index", "with open(path) as stream:"),),
                ),
            ),
        ),
        "sgtk.ext.studio.look",
    ),
    # Groups.
    Problem(
        "group: two uploads",
        "Uploads of {shot} failed",
        Raised(
            "ExceptionGroup",
            "uploads",
            (
                Frame(
                    "studio://studio/review/upload.py",
                    88,
                    "upload_all",
                    'raise ExceptionGroup("uploads", errors)',
                ),
            ),
            members=(
                Raised(
                    "ConnectionResetError",
                    "[Errno 104] Connection reset by peer",
                    (Frame("studio://studio/review/upload.py", 52, "upload", "connection.send(chunk)"),),
                ),
                Raised(
                    "ValueError",
                    "empty file: project://renders/{seq}/{shot}/review.mov",
                    (Frame("studio://studio/review/upload.py", 47, "upload", "raise ValueError(message)"),),
                ),
            ),
        ),
        "sgtk.ext.studio.review",
    ),
    Problem(
        "group: one upload of another kind",
        "Uploads of {shot} failed",
        Raised(
            "ExceptionGroup",
            "uploads",
            (
                Frame(
                    "studio://studio/review/upload.py",
                    88,
                    "upload_all",
                    'raise ExceptionGroup("uploads", errors)',
                ),
            ),
            members=(
                Raised(
                    "studio.review.CodecError",
                    "ProRes encoder is not licensed",
                    (Frame("studio://studio/review/encode.py", 131, "encode", "raise CodecError(reason)"),),
                ),
            ),
        ),
        "sgtk.ext.studio.review",
    ),
    # Recursion: where it stopped says nothing.
    Problem(
        "recursion: a node's parent is itself",
        "Hierarchy could not be read",
        Raised(
            "RecursionError",
            "maximum recursion depth exceeded in comparison",
            (*COMMAND, Frame("studio://studio/rig/tree.py", 20, "read", "return self._walk(root)")),
            recursion=(
                Frame(
                    "studio://studio/rig/tree.py",
                    31,
                    "_walk",
                    "return [self._walk(child) for child in node.children]",
                ),
            ),
        ),
        "sgtk.ext.studio.rig",
    ),
    Problem(
        "recursion: two that call each other",
        "Dependency order could not be found",
        Raised(
            "RecursionError",
            "maximum recursion depth exceeded",
            (*COMMAND, Frame("studio://studio/rig/order.py", 14, "order", "visit(first)")),
            recursion=(
                Frame("studio://studio/rig/order.py", 22, "visit", "inputs(node)"),
                Frame("studio://studio/rig/order.py", 35, "inputs", "visit(source)"),
            ),
        ),
        "sgtk.ext.studio.rig",
    ),
)
