"""Which entries have the words that somebody types: a symptom, a parameter, an API."""

import functools
import math
import re
from collections.abc import Iterable

from parity.divergences.entry import Divergence

WORD = re.compile(r"\w+|[=!<>]=")  # an operator that compares, too
FILLING = re.compile("an?|and|after|are|at|be|but|by|do|does|for|from|i|in|is|its?|my|no|not|of|on|or|the|to|why|with")
ROOTS = frozenset({"torch", "nn", "keras", "layers", "tf"})  # half of the catalogue has them
ENDING = re.compile(r"(?<=\w{3})(ing|ed|es|s)$")


def ranked(catalogue: Iterable[type[Divergence]], asked: str) -> list[type[Divergence]]:
    """The entries with all of these words first, then those with at least half of them, the best first.

    A word counts most in the name, the title, the APIs and the words of an entry, and less in its reason and its cure;
    a rare word counts more; three letters at its beginning stand for it.  Case, quotes and punctuation do not matter,
    nor do words that no entry has, nor `torch` or `nn` beside others.
    """
    entries = [*catalogue]
    words = {word for word in WORD.findall(asked.lower()) if not FILLING.fullmatch(word)}
    words = words - ROOTS or words
    weights = [[_weight(entry, ENDING.sub("", word)) for entry in entries] for word in sorted(words)]
    known = [(of, math.log(1 + len(entries) / sum(map(bool, of)))) for of in weights if any(of)]
    rows = []
    for number, entry in enumerate(entries):
        matched = sum(bool(of[number]) for of, _ in known)
        if matched and 2 * matched >= len(known):
            rows.append((matched == len(known), sum(of[number] * rarity for of, rarity in known), entry))
    return [entry for *_, entry in sorted(rows, key=lambda row: row[:2], reverse=True)]


def _weight(entry: type[Divergence], word: str) -> float:
    """4 for a word that the entry is known by, 1 for one in its prose; half of it for the beginning of a word."""
    return max(
        weight if f" {word} " in words else weight / 2 if len(word) > 2 and f" {word}" in words else 0
        for weight, words in zip((4, 1), _words_of(entry), strict=True)
    )


def _words_of(entry: type[Divergence]) -> tuple[str, str]:
    """The words that the entry is known by, and those of its prose, with a space around each."""
    known = " ".join((entry.name, entry.area, entry.title, *entry.apis, *entry.words))
    return _split(known), _split(f"{entry.why} {entry.cure}")


@functools.cache
def _split(text: str) -> str:
    """The words, without their endings, and the parts of names: `BatchNorm2d` is also `batch` and `norm2d`."""
    names = WORD.findall(text)
    parts = [part for name in names for part in re.findall(r"[A-Z]?[a-z0-9]+", name)]
    return f" {' '.join(ENDING.sub('', word.lower()) for word in [*names, *parts])} "
