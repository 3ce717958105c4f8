"""Weights that no layer's rule covers: a position table, a class token, a scale of the model's own."""

from collections.abc import Iterable, Sequence
from typing import Any

from parity.models.pairing import Pair
from parity.models.watch import Call
from parity.models.weights import slots_of


def left_over(first: Sequence[Call], second: Sequence[Call], pairs: Sequence[Pair], *, copy: bool) -> list[str]:
    return []
