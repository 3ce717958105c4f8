"""The mutants that nothing here can see, each with its reason, from `accepted.toml`."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parity.task import UsageError
from parity.tests.mutants.operators import Mutant

LISTS = Path(__file__).with_name("accepted.toml")


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Mutants of a kind.  A * stands for any text."""

    verdict: str  # "equivalent" or "needs a GPU"
    file: str
    change: str
    reason: str
    function: str = "*"
    operator: str = "*"

    def fits(self, mutant: Mutant) -> bool:
        pairs = ((getattr(self, name), getattr(mutant, name)) for name in ("file", "function", "operator", "change"))
        return all(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) for pattern, text in pairs)


def read() -> list[Accepted]:
    """The entries of both lists.

    Raises:
        UsageError: an entry without a reason, or of other fields.
    """
    content = tomllib.loads(LISTS.read_text())
    try:
        found = [
            Accepted(verdict=name.replace("_", " "), **entry)
            for name in ("equivalent", "needs_a_GPU")
            for entry in content.get(name, [])
        ]
    except TypeError as error:
        raise UsageError(f"{LISTS.name}: {error}") from error
    for entry in found:
        if not entry.reason.strip():
            raise UsageError(f"{LISTS.name}: {entry.file} {entry.change!r} has no reason")
    return found


def verdicts_of(mutants: Sequence[Mutant], entries: Iterable[Accepted], *, complete: bool) -> dict[str, str]:
    """By the key of a mutant, the verdict of the entry that fits it.

    Args:
        complete: these are all mutants; otherwise an entry may be about other files.

    Raises:
        UsageError: an entry that fits no mutant: the code that it was about is gone.
    """
    found: dict[str, str] = {}
    files = {mutant.file for mutant in mutants}
    for entry in entries:
        fitting = [mutant.key for mutant in mutants if entry.fits(mutant)]
        if not fitting and (complete or entry.file in files):
            raise UsageError(f"{LISTS.name}: no mutant is {entry.file} {entry.function}: {entry.change}")
        found |= dict.fromkeys(fitting, entry.verdict)
    return found


def refuse_seen(mutants: Iterable[Mutant], entries: Iterable[Accepted], verdicts: Mapping[str, str]) -> None:
    """UsageError for the entries of which every mutant is killed: what they say nothing can see is seen."""
    fitting = {entry: {verdicts[mutant.key] for mutant in mutants if entry.fits(mutant)} for entry in entries}
    seen = [f"{entry.file} {entry.function}: {entry.change}" for entry, of in fitting.items() if of == {"killed"}]
    if seen:
        raise UsageError(f"{LISTS.name}: take out what is seen:\n" + "\n".join(seen))
