"""Put the faults in, one after the other, keep what sees each, and count."""

import hashlib
import importlib
import json
import math
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from parity.tables import table
from parity.tests.mutants.checks import IMPORTED, PACKAGES, ROOT, tests_of
from parity.tests.mutants.operators import Mutant, mutants_of
from parity.tests.mutants.processes import Copy, Judge, Tests

QUICK = 0.125  # seconds of a test
VERDICTS = ("killed", "equivalent", "needs a GPU", "survives")


@dataclass(frozen=True)
class Found:
    """What became of a mutant."""

    key: str
    verdict: str  # "killed" or "survives"
    by: str  # the check or the test that sees it
    tests: str  # a digest of the tests that were asked


def mutants_in(asked: Sequence[str] = ()) -> list[Mutant]:
    """The mutants of the four packages, or of these files and folders."""
    every = [path.relative_to(ROOT).as_posix() for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
    files = [file for file in every if file.startswith(tuple(asked) or "")]
    return [m for file in files for m in mutants_of(file, (ROOT / file).read_text())]


def sample_of(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """`count` of them, drawn by the seed, in their order."""
    chosen = set(random.Random(seed).sample(range(len(mutants)), min(count, len(mutants))))
    return [mutant for place, mutant in enumerate(mutants) if place in chosen]


def known(path: Path, tests: str) -> dict[str, Found]:
    """What earlier runs found, by key: a mutant that survived other tests is tried again."""
    lines = path.read_text().splitlines() if path.exists() else []
    found = [Found(**json.loads(line)) for line in lines]
    return {one.key: one for one in found if one.verdict == "killed" or one.tests == tests}


def digest_of_tests() -> str:
    """A digest of what judges and tests."""
    files = [path for name in ("parity/tests", "parity/tasks") for path in sorted((ROOT / name).rglob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def judged(mutants: Sequence[Mutant], *, tests: str, timeout: float, quick: bool) -> Iterator[tuple[Mutant, Found]]:
    """Each mutant with what sees it, a verdict or a test; one that is listed too, so that a wrong reason is noticed."""
    for package in {mutant.file.partition("/")[0] for mutant in mutants}:
        for module in IMPORTED[package]:
            importlib.import_module(module)
    with tempfile.TemporaryDirectory(prefix="parity-mutants-") as folder:
        copy = Copy(Path(folder))
        judge, asked = Judge(copy, timeout=timeout), dict[tuple[str, ...], Tests]()
        try:
            for mutant in mutants:
                by = judge.see(mutant)
                for arguments in tests_of(mutant.file, quick=quick):
                    if not by and arguments not in asked:
                        most = QUICK if quick else math.inf
                        asked[arguments] = Tests(copy, arguments, timeout=timeout, most=most)
                    by = by or asked[arguments].see(mutant)
                yield mutant, Found(mutant.key, "killed" if by else "survives", by, tests)
        finally:
            judge.close()


def run(
    mutants: Sequence[Mutant], path: Path, *, timeout: float, listed: Mapping[str, str], quick: bool
) -> dict[str, str]:
    """The verdict on each mutant by its key; what is found is appended to the file at once.

    Args:
        listed: the verdicts on those that nothing should see.
        quick: of an implementation's mutant verdicts alone are asked for, of the judge's its quick tests.
    """
    tests = f"quick {digest_of_tests()}" if quick else digest_of_tests()
    found = known(path, tests)
    path.parent.mkdir(parents=True, exist_ok=True)
    due = [mutant for mutant in mutants if mutant.key not in found]
    with path.open("a") as file:
        for mutant, one in judged(due, tests=tests, timeout=timeout, quick=quick):
            found[mutant.key] = one
            file.write(json.dumps(asdict(one)) + "\n")
            file.flush()
    verdicts = {mutant.key: found[mutant.key].verdict for mutant in mutants}
    return verdicts | {key: verdict for key, verdict in listed.items() if verdicts.get(key) == "survives"}


def counted(mutants: Iterable[Mutant], verdicts: Mapping[str, str]) -> Table:
    """A row for each package: how many mutants have each verdict."""
    view = table("Mutants", ["package", "mutants", *VERDICTS], names=["package"], right=["mutants", *VERDICTS])
    counts: dict[str, Counter[str]] = {package: Counter() for package in (*PACKAGES, "all")}
    for mutant in mutants:
        package = next(package for package in PACKAGES if mutant.file.startswith(f"{package}/"))
        for row in (package, "all"):
            counts[row][verdicts[mutant.key]] += 1
    for package, count in counts.items():
        view.add_row(package, f"{count.total():,}", *(f"{count[verdict]:,}" for verdict in VERDICTS))
    return view
