"""A trial that outlives its process: after a kill, the next one continues it."""

import hashlib
import json
import platform
from dataclasses import asdict
from pathlib import Path

from benchmarks.ab.sides import Loop, Pair
from benchmarks.ab.trial import Trial
from parity.files import WholeFile
from parity.task import UsageError

FORMAT = 2  # of a kept trial
DRIVER = ("sides.py", "worker.py")  # what measures a pair


def driver() -> str:
    """A digest of what a pair depends on beside the revisions and the versions: the driver's code, and Python."""
    code = b"".join((Path(__file__).parent / name).read_bytes() for name in DRIVER)
    return hashlib.sha256(code + platform.python_version().encode()).hexdigest()[:8]


class ResumableTrial(Trial):
    """A trial that is saved after every loop, until it is finished; the file is written completely or not at all.

    A loop that could not be measured is not saved: the next run tries it again.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if path.exists():
            saved = json.loads(path.read_text())
            if saved.get("format") != FORMAT:
                raise UsageError(f"{path} was left by another version of the driver: delete it to begin anew")
            for name, found in saved["pairs"].items():
                self.pairs[Loop(*name.split())] = [Pair(*pair) for pair in found]
            self.spent = {Loop(*name.split()): seconds for name, seconds in saved["spent"].items()}
            self.began = saved.get("began", 0.0)

    def keep(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        pairs = {str(loop): [list(asdict(pair).values()) for pair in found] for loop, found in self.pairs.items()}
        spent = {str(loop): seconds for loop, seconds in self.spent.items()}
        found = {"format": FORMAT, "began": self.began, "pairs": pairs, "spent": spent}
        WholeFile(self._path).write(json.dumps(found))

    def finish(self, path: Path) -> None:
        """Keep the pairs under another name; nothing is added to them."""
        self.keep()
        self._path.replace(path)

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)
