"""The mutants that nothing here can see, each with its reason, from `accepted.toml`."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parity.task import UsageError
from parity.tests.mutants.operators import Mutant

LISTS = Path(__file__).with_name("accepted.toml")


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Mutants of a kind.  In `file`, `function` and `change` a * stands for any text."""

    verdict: str  # "equivalent" or "needs a GPU"
    file: str
    change: str
    reason: str
    function: str = "*"

    def fits(self, mutant: Mutant) -> bool:
        pairs = ((self.file, mutant.file), (self.function, mutant.function), (self.change, mutant.change))
        return all(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.S) for pattern, text in pairs)


def read(path: Path = LISTS) -> list[Accepted]:
    """The entries of both lists.

    Raises:
        UsageError: an entry without a reason, or of other fields.
    """
    content = tomllib.loads(path.read_text())
    try:
        found = [
            Accepted(verdict=name.replace("_", " "), **entry)
            for name in ("equivalent", "needs_a_GPU")
            for entry in content.get(name, [])
        ]
    except TypeError as error:
        raise UsageError(f"{path.name}: {error}") from error
    for entry in found:
        if not entry.reason.strip():
            raise UsageError(f"{path.name}: {entry.file} {entry.change!r} has no reason")
    return found


def verdicts_of(mutants: Iterable[Mutant], entries: Iterable[Accepted]) -> dict[str, str]:
    """By the key of a mutant, the verdict of the entry that fits it.

    Raises:
        UsageError: an entry that fits no mutant: the code that it was about is gone.
    """
    mutants, found = list(mutants), {}
    for entry in entries:
        fitting = [mutant.key for mutant in mutants if entry.fits(mutant)]
        if not fitting:
            raise UsageError(f"{LISTS.name}: no mutant is {entry.file} {entry.function}: {entry.change}")
        found |= dict.fromkeys(fitting, entry.verdict)
    return found
