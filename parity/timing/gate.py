"""The gate in front of the clock: a loop whose outputs disagree is not timed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from parity.frameworks.environment import sources
from parity.frameworks.runtime import Unavailable, available, versions_of
from parity.judging import results
from parity.judging.verdict import PASSING, Row, judge
from parity.timing.contest import DTYPE, Entry

Key = tuple[str, ...]


class Gate:
    """The verdicts on the loops of one size: read from a file, or judged when they are needed."""

    def __init__(self, size: str) -> None:
        self.size = size
        self._verdicts: dict[Key, list[str]] = {}
        self._units: dict[Key, float] = {}

    def read(self, path: Path, frameworks: Iterable[str]) -> None:
        """Add the verdicts of a file if the same sources and versions produced them; missing ones are judged later.

        Raises:
            UsageError: the file was not written by `parity run --json`.
        """
        environment, rows = results.read(path)
        if environment.get("sources") != sources():
            return
        of_file = {name: info["versions"] for name, info in environment["frameworks"].items()}
        same = {name for name in frameworks if versions_of(name) == of_file.get(name)}
        self.add(row for row in rows if row.framework in same)

    def add(self, rows: Iterable[Row]) -> None:
        """Add verdicts; a loop passes if all of its outputs pass."""
        for row in rows:
            loop = row.output.partition("/")[0]
            key = (row.task, row.framework, row.device, row.dtype, row.mode, row.size, loop)
            self._verdicts.setdefault(key, []).append(row.verdict)
            self._units[key] = max(self._units.get(key, 0.0), row.units or 0.0)

    def skip_reason(self, entry: Entry) -> str:
        """Why this entry is not timed; "" if it can run here and its outputs agree.

        With TF32 no float32 output can agree, so the verdict on such an entry is the one without TF32.
        """
        backend = entry.backend
        if backend.tf32 and backend.framework == "numpy":
            return "CuPy takes TF32 from the environment alone, for a whole process: CUPY_TF32=1"
        if self.size not in entry.task.sizes:
            return f"the task has no size {self.size!r}"
        try:
            available(backend.framework, backend.device, backend.mode)
        except Unavailable as error:
            return str(error)
        if self._key(entry) not in self._verdicts:
            where: dict[str, Any] = {"device": backend.device, "mode": backend.mode, "dtype": DTYPE, "size": self.size}
            self.add(judge(entry.task, backend.framework, **where, loop=entry.loop))
        bad = sorted(set(self._verdicts[self._key(entry)]) - set(PASSING))
        return f"its outputs: {', '.join(bad)}" if bad else ""

    def units(self, entry: Entry) -> float | None:
        """The worst noise units of the outputs of an entry that passed; with TF32 they are not judged."""
        return None if entry.backend.tf32 else self._units[self._key(entry)]

    def _key(self, entry: Entry) -> Key:
        backend = entry.backend
        return entry.task.name, backend.framework, backend.device, DTYPE, backend.mode, self.size, entry.loop
