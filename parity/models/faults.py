"""The faults of a comparison of layers, in the order of the first model's calls."""

import math

from parity.divergences import catalogue
from parity.judging.noise import LIMIT
from parity.models.layers import Layers
from parity.models.report import Fault, output_name

SHAPES = ("MHA-KEYDIM", "GRU-RESET", "INIT-PRELU", "LSTM-MERGE")  # entries that change the shapes of weights


def faults_of(layers: Layers) -> list[Fault]:
    """What is wrong with layers, weights and what lies between."""
    found: list[tuple[int, Fault]] = []
    for place in range(len(layers.pairs)):
        at = layers.pairs[place].first[0].index
        found += [
            (at, fault) for fault in (*_weights(layers, place), *_between(layers, place), *_output(layers, place))
        ]
    strays = [Fault("weights", *stray, note="a weight of the model's own") for stray in layers.stray]
    faults = strays + [fault for _, fault in sorted(found, key=lambda item: item[0])]
    return faults + _end(layers)


def settings_of(layers: Layers, faults: list[Fault]) -> list[str]:
    """Where two configurations differ and none of the faults, all of them, is by it."""
    notes, blamed = [], {(fault.where, fault.cause) for fault in faults}
    for place, entries in layers.settings.items():
        found = layers.found.get(place)
        unseen = ", unseen here" if found is not None and found.units <= LIMIT else ""
        names = layers.pairs[place].names
        for entry in (entry for entry in entries if (names, entry) not in blamed):
            notes.append(f"{' / '.join(names)}: the configurations differ{unseen}: {entry}, {catalogue()[entry].title}")
    return notes


def _weights(layers: Layers, place: int) -> list[Fault]:
    names = layers.pairs[place].names
    if place in layers.misfit:
        says = [entry for entry in layers.settings[place] if entry in SHAPES]
        return [named(Fault("weights", *names, note=layers.misfit[place], stated=True), says[0] if says else "unknown")]
    if place in layers.wrong:
        wrong = layers.wrong[place]
        return [named(Fault("weights", *names, wrong.units, note=wrong.note), wrong.cause)]
    return []


def _between(layers: Layers, place: int) -> list[Fault]:
    pair, found = layers.pairs[place], layers.found.get(place)
    edge = max(found.edges.values(), default=0.0) if found is not None else 0.0
    if found is None or edge <= LIMIT:
        return []
    if place in layers.called_wrong:
        entry, note = layers.called_wrong[place]
        return [named(Fault("call", *pair.names, edge, note=note), entry)]
    if found.carried or (edge == math.inf and _misshapen(layers, pair.first[0].index)):
        return []  # the same fault further on
    fault = Fault("between", layers.source(pair.first[0].index), pair.first[0].name, edge, note=found.note)
    return [named(fault, layers.edge_causes.get(place, "unknown"))]


def _misshapen(layers: Layers, index: float) -> bool:
    """Whether weights do not fit, or a shape is another before this call of the first model: all behind it follows."""
    before = (found for place, found in layers.found.items() if layers.pairs[place].first[0].index < index)
    return bool(layers.misfit) or any(found.units == math.inf or not found.judged for found in before)


def _output(layers: Layers, place: int) -> list[Fault]:
    """A layer that is wrong alone, once for each of its causes; a mask on one side is the call's fault."""
    pair, found = layers.pairs[place], layers.found.get(place)
    if found is None or found.units <= LIMIT or place in layers.misfit:
        return []
    mends, entries = layers.causes.get(place, ([], []))
    masked = [any(call.masked for call in calls) for calls in (pair.first, pair.second)]
    if not mends and masked[0] != masked[1] and pair.kind in ("attention", "lstm", "gru", "rnn"):
        said = [("call", f"only the {'first' if masked[0] else 'second'} model's has a mask")]
    else:
        said = [(mend.part, mend.note or found.note) for mend in mends] or [("output", found.note)]
    return [
        named(Fault(part, *pair.names, found.units, note=note, stated=not mends), entry)
        for (part, note), entry in zip(said, entries or ["unknown"])
    ]


def _end(layers: Layers) -> list[Fault]:
    """What is wrong behind the last layer, and with the models as wholes."""
    faults = [Fault("error", "the model", "the model", note=layers.error)] if layers.error else []
    for name, which in layers.lone_outputs:
        faults.append(Fault("pairing", output_name(name), "", note=f"the {which} model alone returns it"))
    misshapen = _misshapen(layers, math.inf)
    for output in layers.outputs:
        units = output.edge if layers.pairs else output.propagated
        if units is not None and units > LIMIT and not (output.carried or (units == math.inf and misshapen)):
            calls = layers.first.calls
            source = layers.source(calls[-1].index + 1) if calls else "input"
            name = output_name(output.first) if len(layers.outputs) > 1 else "output"
            faults.append(named(Fault("between", source, name, units), output.cause or "unknown"))
    return faults


def named(fault: Fault, entry: str) -> Fault:
    """The fault with the catalogue's title and cure."""
    known = catalogue().get(entry)
    if known is not None:
        fault.cause, fault.title, fault.cure = known.name, known.title, known.cure
    return fault
