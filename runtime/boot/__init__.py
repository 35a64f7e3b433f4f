"""What the interpreter runs before anything else; frozen into the runtime as the package ``_stdbpy_boot``.

The shim calls these functions while a module is built. They take and give marshalled dicts, so that the build can
write and read them with any version of Python.
"""

import gc
import marshal
import sys

from _stdbpy_boot.log_streams import LogStream
from _stdbpy_boot.modules import LeftOutFinder, ModuleStore, RuntimeModules

settings: dict = {}
"""What the build tells the program: ``settings`` of :func:`load`."""

store = ModuleStore()
runtime_modules = RuntimeModules()
left_out_finder = LeftOutFinder()

_INFO, _ERROR = 2, 0
_MARSHAL_VERSION = 2  # the last one without references between objects: the same values are the same bytes


def start(library: memoryview) -> bytes:
    """Makes the standard library importable: ``{name: (is_package, code)}``."""
    sys.stdout = sys.__stdout__ = LogStream(_INFO)
    sys.stderr = sys.__stderr__ = LogStream(_ERROR)
    for name, (is_package, code) in marshal.loads(library).items():
        path = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
        store.add(name, is_package, "code", code, f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/{path}")
    builtin, frozen = sys.meta_path[:2]
    sys.meta_path[:] = [runtime_modules, builtin, frozen, store, left_out_finder]
    sys.path[:] = []
    sys.path_hooks[:] = [store.modules_in]
    sys.path_importer_cache.clear()
    _refuse_to_sleep()
    return _result({})


def compile_sources(sources: memoryview) -> bytes:
    """``{name: (source, file_name)}`` → ``{name: code}``, code as :func:`load` takes it."""
    compiled = {}
    for name, (source, file_name) in marshal.loads(sources).items():
        code = compile(source, file_name, "exec", dont_inherit=True)
        compiled[name] = marshal.dumps(code)
    return _result({"code": compiled})


def load(program: memoryview) -> bytes:
    """Adds modules and imports one of them. Keys of the dict:

    - ``files``: ``{name: (is_package, "source" | "code", bytes, file_name)}``, and files that are no modules, as
      ``"data"``, by any name
    - ``entry``: the module to import, which calls ``_spacetimedb.set_entry``
    - ``settings``: what it finds as ``_stdbpy_boot.settings``
    - ``absent``: the names of modules in the runtime itself that are not there, if there are any
    - ``keep``: the names of modules that stay importable later; all of them, if it is not there

    Gives ``modules``: the names of what was imported from the library and ``files``, in that order; and ``unused``:
    those of the runtime's own modules, in C and frozen, of which nothing is needed any more.
    """
    given = marshal.loads(program)
    for name, (is_package, kind, data, file_name) in given["files"].items():
        store.add(name, is_package, kind, data, file_name)
    settings.update(given.get("settings", {}))
    runtime_modules.drop(given.get("absent", []))
    import traceback  # noqa: F401 - must be there when something fails

    __import__(given["entry"])
    sys.stdout.flush()
    sys.stderr.flush()
    imported = list(store.imported)
    keep = given.get("keep")
    unused = runtime_modules.unused(keep or [])
    if keep is not None:
        store.drop_all_but(keep)
        runtime_modules.drop(unused)
    left_out_finder.is_program_finished = keep is not None or "absent" in given
    return _result({"modules": imported, "unused": unused})


def settle(_nothing: memoryview) -> bytes:
    """What is there now is there for good: it is not looked at again when garbage is collected."""
    sys.path_importer_cache.clear()
    gc.collect()
    gc.freeze()
    return _result({})


def failure_of(error: BaseException) -> bytes:
    """What the build is told of an exception."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append((code.co_filename, traceback.tb_lineno, code.co_name))
        traceback = traceback.tb_next
    file_name, line = (frames[-1][0], frames[-1][1]) if frames else (None, None)
    if isinstance(error, SyntaxError):
        file_name, line = error.filename, error.lineno
    told = {
        "type": type(error).__qualname__,
        "message": str(error),
        "file": file_name,
        "line": line,
        "frames": frames,
        "traceback": traceback_of(error),
        "name": getattr(error, "name", None) if isinstance(error, ImportError) else None,
    }
    return _result({"error": told})


def traceback_of(error: BaseException) -> str:
    """As Python prints it, without the frames of this package and of importing."""
    try:
        from traceback import TracebackException
    except ImportError:  # before anything is loaded, of a library that lacks it
        return f"{type(error).__qualname__}: {error}"
    told = TracebackException.from_exception(error)
    pending = [told]
    while pending:
        part = pending.pop()
        part.stack[:] = [frame for frame in part.stack if not frame.filename.startswith("<frozen ")]
        pending += [other for other in (part.__cause__, part.__context__) if other is not None]
    return "".join(told.format()).rstrip("\n")


def _result(result: dict) -> bytes:
    return marshal.dumps(result, _MARSHAL_VERSION)


def _refuse_to_sleep() -> None:
    import time

    def sleep(seconds: float, /) -> None:
        raise RuntimeError("time.sleep cannot wait in a SpacetimeDB module: time stands still while it runs")

    time.sleep = sleep
