"""What a user's file calls by a name: `mine.py:torch_net`; the file is imported as `python -m` would import it."""

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from parity.models.state import one_line
from parity.task import UsageError, nearest


def named(text: str) -> Any:
    """`mine.py:torch_net`, or `package.module:name`: what the module calls so."""
    place, _, name = text.rpartition(":")
    if not place or not name:
        raise UsageError(f"{text!r} names no object: write FILE.py:NAME or MODULE:NAME")
    module = module_of(place)
    if not hasattr(module, name):
        near = nearest(name, [known for known in vars(module) if not known.startswith("_")])
        raise UsageError(f"{place} has no {name!r}" + (f"; there is {', '.join(near)}" if near else ""))
    return getattr(module, name)


def module_of(place: str) -> ModuleType:
    """The module, imported once; its own errors are shown as its own."""
    if not place.endswith(".py"):
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError as error:
            raise UsageError(f"{place} cannot be imported: {error}") from error
        except Exception as error:
            raise own_error(f"{place} cannot be imported", error) from error
    path = Path(place).resolve()
    if not path.is_file():
        raise UsageError(f"there is no file {place}")
    name = path.stem
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))  # as python puts a script's own folder first
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{place} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, Exception):
            raise
        raise own_error(f"{place} cannot be imported", error) from error
    return module


def own_error(what: str, error: Exception) -> UsageError:
    """The user's own error, shown as python shows it, and the one line that the command ends with."""
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    if frames is not None or isinstance(error, SyntaxError):
        error = error.with_traceback(frames)
    traceback.print_exception(error)
    return UsageError(f"{what}: {one_line(error)}")


def _is_ours(file: str) -> bool:
    """Whether a frame is of this package or of the import itself, before the user's own."""
    return Path(file).is_relative_to(Path(__file__).parents[1]) or "importlib" in file
