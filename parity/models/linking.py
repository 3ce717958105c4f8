"""The ends of partners: which input of one layer is which of the other, and so their outputs."""

from parity.models.partners import RECURRENT, Link, Pair, Place
from parity.models.watch import Call
from parity.models.weights import shapes, slots_of


def link(pairs: list[Pair]) -> None:
    for pair in pairs:
        one, two = pair.first, pair.second
        if pair.kind == "attention":
            _link_attention(pair)
        elif pair.kind in RECURRENT:
            pair.entries.append(Link((one[0].index, 0), (two[0].index, 0)))
            alone = any(len(call.outputs[0]) == 2 for call in (one[-1], two[-1]))
            last = alone * (2 if any(name.endswith("_reverse") for name in shapes(slots_of(one[-1].layer))) else 1)
            pair.exits.append(Link((one[-1].index, 0), (two[-1].index, 0), last=last))
        elif pair.kind == "linear" and len(one) != len(two) and _packed(pair):
            n = max(len(one), len(two))
            for i in range(n):
                x, y = (calls[i if len(calls) > 1 else 0].index for calls in (one, two))
                pair.entries.append(Link((x, 0), (y, 0)))
                part = (i, n)
                pair.exits.append(
                    Link((x, 0), (y, 0), part if len(one) == 1 else None, part if len(two) == 1 else None)
                )
        else:
            inputs = min(len(one[0].shapes), len(two[0].shapes)) if pair.kind == "" else 1
            pair.entries += [Link((one[0].index, i), (two[0].index, i)) for i in range(inputs)]
            pair.exits.append(Link((one[-1].index, 0), (two[-1].index, 0)))


def _packed(pair: Pair) -> bool:
    return all(call.kind == "linear" for call in (*pair.first, *pair.second))


def _link_attention(pair: Pair) -> None:
    """Query, key and value by name; of separate projections the first three are theirs, the last is the output's."""
    places = [_attention_places(calls) for calls in (pair.first, pair.second)]
    for name in ("query", "key", "value"):
        link = Link(places[0][name], places[1][name])
        if all(link.second != other.second for other in pair.entries):
            pair.entries.append(link)
    pair.exits.append(Link((pair.first[-1].index, 0), (pair.second[-1].index, 0)))


def _attention_places(calls: list[Call]) -> dict[str, Place]:
    if len(calls) > 1:
        return {name: (call.index, 0) for name, call in zip(("query", "key", "value"), calls)}
    names = calls[0].names
    found: dict[str, Place] = {
        name: (calls[0].index, names.index(name)) for name in ("query", "key", "value") if name in names
    }
    return {"key": found.get("value", found["query"]), "value": found["query"], **found}
