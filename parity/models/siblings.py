"""Which layers belong together where names and shapes do not tell: what is made of them does.

A functional Keras model runs its branches in another order than that in which they are written, and either may be the
first model's.  Siblings, which are of one kind and shape and take the same tensor, such as query, key and value, may be
called in any.  Under the wrong order what is made of them is wrong, and under the one that holds it is right.
"""

import itertools
import math
from collections.abc import Callable, Container, Hashable, Mapping

from parity.models.aligning import alike
from parity.models.partners import Pair, Pairing
from parity.models.weights import shapes, slots_of

END = math.inf  # the outputs, which come behind all layers
MOST = 4  # siblings that are tried in every order


def proven(
    names: Mapping[str, str],
    pair: Callable[[Mapping[str, str], bool], Pairing],
    taken: Callable[[int], Hashable],
    wrong: Callable[[Pairing], list[float]],
) -> tuple[Pairing, list[str]]:
    """The partners, in the order that what is made of them proves.

    Args:
        names: partners that the user gave, which stay what they are.
        pair: the partners by these names, and else as the models are written or, if true, in the order of the calls.
        taken: what a call of the first model takes: the same of siblings.
        wrong: the calls of the first model, by index, that get something wrong where all before them is right; END of
            an output.  It is called only where more than one order is possible.

    Returns:
        The partners, and in words the siblings behind which something is wrong in every order.
    """
    written, called = pair(names, False), pair(names, True)
    told = {name.rpartition("/")[2] for name in names}
    same = sorted(p.names for p in written.pairs) == sorted(p.names for p in called.pairs)
    if same and not _siblings(written, taken, told):
        return written, []
    places, in_calls = wrong(written), False
    if not same and places and len(found := wrong(called)) < len(places):
        places, in_calls = found, True
    pairing, doubts = called if in_calls else written, list[str]()
    for group, following in itertools.pairwise([*_siblings(pairing, taken, told), []]):
        last, end = _last(group), _last(following) if following else END
        place = min((p for p in places if last < p <= end), default=None)
        if place is None:
            continue
        ones, twos = ([pair.names[i] for pair in group] for i in (0, 1))
        orders = itertools.permutations(twos) if len(twos) <= MOST else iter(())
        for order in itertools.islice(orders, 1, None):
            given = {**names, **dict(zip(ones, order))}
            tried = pair(given, in_calls)
            left = wrong(tried)
            if place not in left:
                pairing, names, places = tried, given, left
                break
        else:
            doubts.append(
                f"{', '.join(ones)} of the first model and {', '.join(twos)} of the second are of one kind and shape, "
                "take the same, and are partners by the order of their calls alone: what is made of them differs"
            )
    return pairing, doubts


def _siblings(pairing: Pairing, taken: Callable[[int], Hashable], given: Container[str]) -> list[list[Pair]]:
    """Groups of two or more that their names do not tell apart, in the order of their calls."""
    groups: dict[Hashable, list[Pair]] = {}
    for pair in pairing.pairs:
        told = alike(*pair.names) or pair.names[0].rpartition("/")[2] in given
        if len(pair.first) == len(pair.second) == 1 and pair.weighted and not told:
            sizes = tuple(sorted(shapes(slots_of(pair.first[0].layer)).items()))
            groups.setdefault((pair.kind, sizes, taken(pair.first[0].index)), []).append(pair)
    return sorted((group for group in groups.values() if len(group) > 1), key=_last)


def _last(group: list[Pair]) -> int:
    return group[-1].first[0].index
