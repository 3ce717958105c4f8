"""A model before and after an upgrade: its truth and noise in a file, and another day's run against it.

The file is safetensors: what every layer got and returned in float64, and as JSON in its header the noise of each, the
calls, the weights' checksums and the versions.  Nothing is pickled.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parity.files import WholeFile
from parity.frameworks.runtime import versions_of
from parity.judging.noise import Truth
from parity.models.edges import explain
from parity.models.faults import faults_of
from parity.models.layers import Layers
from parity.models.partners import Link, Pair
from parity.models.report import Report
from parity.models.rows import output_rows_of, rows_of
from parity.models.sides import Model, Side, inputs_of
from parity.models.state import untouched
from parity.models.store import Key, Truths
from parity.models.truth import Measured, measured
from parity.models.views import SAME
from parity.models.watch import Call
from parity.models.weights import value
from parity.task import Array, Arrays, UsageError

FORMAT = "parity-model-1"
Progress = Callable[[str], None]


def record(net: Any, x: Any, path: str | Path, *, progress: Progress = lambda text: None) -> None:
    """Write the model's truth, noise and versions; `check` reads them.

    Args:
        net: a torch or Keras model, or a function that builds one with the same weights each time.
        x: its input: an array, a tuple or a dictionary.
        path: a file, written whole or not at all.

    Raises:
        UsageError: the model does not repeat itself, or the file cannot be written.
    """
    from safetensors.numpy import save

    file = WholeFile(Path(path))
    with untouched():
        model, inputs = Model(net, "first"), inputs_of(x)
        side = model.wide(inputs)
        found = measured(side, inputs, step=progress)
        try:
            keys = sorted(found.truths.store.keys(), key=str)
            tensors = {f"truth {_text(key)}": np.ascontiguousarray(found.truths.store.get(key)) for key in keys}
            tensors |= {f"input {name}": np.ascontiguousarray(a) for name, a in inputs.items()}
            scales = {
                _text(key): [_scales(found.truths, key, forced=forced) for forced in (False, True)] for key in keys
            }
            about = {
                "format": FORMAT, "framework": model.framework, "versions": versions_of(model.framework),
                "samples": found.samples, "scales": scales, "weights": _checksums(side), "results": list(found.results),
                "inputs": list(inputs), "calls": [[call.index, call.name, call.kind] for call in found.calls],
            }  # fmt: skip
            file.write(save(tensors, {"parity": json.dumps(about)}))
        finally:
            found.close()


def check(net: Any, path: str | Path, *, progress: Progress = lambda text: None) -> Report:
    """Compare the model as it computes now with what `record` wrote: every layer alone and as it runs.

    Raises:
        UsageError: the file is no recording, or of another model.
    """
    with untouched():
        model, (about, tensors) = Model(net, "first"), _read(Path(path))
        if model.framework != about["framework"]:
            raise UsageError(f"{path} is of {about['framework']}, and the model of {model.framework}")
        inputs = {name: tensors[f"input {name}"] for name in about["inputs"]}
        narrow, wide = model.copies(inputs)
        store = _Saved(tensors)
        truths = Truths(store, _fixed(about, 0), _fixed(about, 1))  # type: ignore[arg-type]
        results = {name: store.get(("result", 0, i)) for i, name in enumerate(about["results"])}
        calls = [Call(index, name, kind, None) for index, name, kind in about["calls"]]
        layers = Layers(
            Measured(truths, calls, results, about["samples"], {}), wide, wide, narrow, inputs, {}, {}, loaded=True
        )
        layers.check(lambda second: _same_calls(calls, second, path), progress, explain)
        report = Report(rows_of(layers), faults_of(layers), output_rows_of(layers), layers.notes, about["samples"])
        report.notes += _changed(about, model.framework, wide)
        return report


def _same_calls(recorded: list[Call], now: list[Call], path: str | Path) -> list[Pair]:
    if [call.kind for call in recorded] != [call.kind for call in now]:
        raise UsageError(f"the model does not call the layers that are recorded in {path}: it is another")
    pairs = []
    for a, b in zip(recorded, now):
        a.layer, a.shapes, a.outputs = b.layer, b.shapes, b.outputs
        pair = Pair(a.kind, [a], [b])
        pair.entries += [Link((a.index, i), (b.index, i), view=SAME) for i in range(len(b.shapes))]
        pair.exits += [Link((a.index, i), (b.index, i), view=SAME) for i in range(len(b.outputs))]
        pairs.append(pair)
    return pairs


def _changed(about: dict[str, Any], framework: str, side: Side) -> list[str]:
    """What is not as it was: versions, and weights, which would explain everything."""
    now = versions_of(framework) or {}
    notes = [
        f"{name} {old} then, {now.get(name, 'none')} now"
        for name, old in about["versions"].items()
        if now.get(name) != old
    ]
    weights = _checksums(side)
    other = [name for name, crc in about["weights"].items() if weights.get(name) != crc]
    return notes + ([f"the weights are not those that were recorded: {', '.join(other[:3])}"] if other else [])


def _checksums(side: Side) -> dict[str, int]:
    return {
        str(i): zlib.crc32(np.ascontiguousarray(value(v)).tobytes()) for i, v in enumerate(side.variables().values())
    }


@dataclass
class _Scale:
    """The noise of a tensor as it was measured then."""

    noise: float
    peak: float

    def truth(self, value_: Array) -> Truth:
        return Truth(value=value_, noise=self.noise, peak=self.peak)


def _scales(truths: Truths, key: Key, *, forced: bool) -> tuple[float, float]:
    truth = truths.of(key, forced=forced)
    return truth.noise, truth.peak


def _fixed(about: dict[str, Any], which: int) -> dict[Key, _Scale]:
    return {_key(text): _Scale(*both[which]) for text, both in about["scales"].items()}


class _Saved:
    """A recording's tensors in the place of the truth's store."""

    def __init__(self, tensors: Arrays) -> None:
        self._tensors = tensors

    def get(self, key: Key) -> Array:
        return self._tensors[f"truth {_text(key)}"]

    def __contains__(self, key: Key) -> bool:
        return f"truth {_text(key)}" in self._tensors


def _text(key: Key) -> str:
    return "/".join(map(str, key))


def _key(text: str) -> Key:
    which, call, position = text.split("/")
    return which, int(call), int(position)


def _read(path: Path) -> tuple[dict[str, Any], Arrays]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            about = json.loads((file.metadata() or {}).get("parity", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
    except (OSError, SafetensorError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if about.get("format") != FORMAT:
        raise UsageError(f"{path} is no recording of a model: parity.record writes one")
    return about, tensors
