"""The table of a comparison: a row for each pair of layers and for each output."""

from parity.judging.noise import LIMIT
from parity.models.layers import Layers
from parity.models.report import Row
from parity.models.runs import Isolated


def rows_of(layers: Layers) -> list[Row]:
    """A row for each pair, in the order of the first model's calls."""
    rows = []
    for i, pair in enumerate(layers.pairs):
        found, narrow = layers.found.get(i, Isolated()), layers.found_float32.get(i, Isolated())
        reached = i in layers.found and found.judged
        rows.append(
            Row(
                *pair.names,
                isolated=found.units if reached else None,
                isolated_float32=narrow.units if i in layers.found_float32 and narrow.judged else None,
                propagated=layers.free.get(i),
                propagated_float32=layers.free_float32.get(i),
                edge=max(found.edges.values(), default=None),
                note=(found.note or _rounding(found.units, narrow.units)) if found.judged else "another size",
            )
        )
    return rows


def output_rows_of(layers: Layers) -> list[Row]:
    """A row for each output of the models."""
    names = {o.place: "output" if len(layers.outputs) == 1 else f"output {o.first}" for o in layers.outputs}
    return [Row(names[o.place], "", None, None, o.propagated, o.propagated_float32, o.edge) for o in layers.outputs]


def _rounding(wide: float, narrow: float) -> str:
    """What a layer that is right in float64 may still do: compute in half precision."""
    return "rounds more than float32" if wide <= LIMIT < narrow else ""
