"""The second model against the truth: each layer alone, each input between layers, and the whole as it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parity.judging.noise import LIMIT
from parity.models.causes import mended, recognised
from parity.models.groups import carry as carry_weights
from parity.models.groups import folds
from parity.models.leftover import left_over, without_partner
from parity.models.links import error
from parity.models.loaded import Wrong, compare_weights, roundings
from parity.models.mends import Mend
from parity.models.outputs import Output, outputs_of, second_names
from parity.models.pairing import paired
from parity.models.partners import Link, Pair, Pairing
from parity.models.repeat import repeat
from parity.models.runs import Forced, Free, Isolated
from parity.models.siblings import END, proven
from parity.models.sides import Side, copy_variables
from parity.models.state import one_line
from parity.models.truth import Measured, restore
from parity.models.unflattened import settled
from parity.models.views import View
from parity.models.watch import Again, Call, Trace
from parity.models.weights import assign, own_variables, value
from parity.task import Array, Arrays, UsageError


@dataclass
class Layers:
    """The second model beside the first, and what was found of each pair."""

    first: Measured
    first_side: Side  # in float64
    wide: Side
    narrow: Side
    inputs: Arrays  # in the second model's layout
    layout: Mapping[str, View]
    input_names: Mapping[str, str]  # an input of the first model -> the second's name for it
    loaded: bool
    training: bool = False
    pairs: list[Pair] = field(default_factory=list)
    second_calls: list[Call] = field(default_factory=list)
    alone: tuple[list[Call], list[Call]] = field(default_factory=lambda: ([], []))
    found: dict[int, Isolated] = field(default_factory=dict)  # forced, in float64
    found_float32: dict[int, Isolated] = field(default_factory=dict)
    free: dict[int, float] = field(default_factory=dict)
    free_float32: dict[int, float] = field(default_factory=dict)
    wrong: dict[int, Wrong] = field(default_factory=dict)  # weights that were loaded wrong
    misfit: dict[int, str] = field(default_factory=dict)  # weights that do not fit
    settings: dict[int, list[str]] = field(default_factory=dict)  # the entries that recognise a pair
    causes: dict[int, tuple[list[Mend], list[str]]] = field(default_factory=dict)  # proven, of layers
    edge_causes: dict[int, str] = field(default_factory=dict)
    called_wrong: dict[int, tuple[str, str]] = field(default_factory=dict)  # right layers: the entry, and how
    own: Arrays = field(default_factory=dict)  # the second model's weights where they are to be judged
    doubts: list[str] = field(default_factory=list)  # siblings whose partners nothing proves
    stray: list[tuple[str, str, float]] = field(default_factory=list)  # loaded weights of no layer that differ
    outputs: list[Output] = field(default_factory=list)
    lone_outputs: list[tuple[str, str]] = field(default_factory=list)  # without a partner: the name, and which model's
    error: str = ""  # what the second model raised, and where
    notes: list[str] = field(default_factory=list)

    def compare(
        self, names: Mapping[str, str] | None, step: Callable[[str], None], explain: Callable[["Layers"], None]
    ) -> None:
        """Pair, carry weights over, and run the second model forced and free, in float64 and in float32."""
        step("the partners")
        self.second_calls = self._calls()
        self.own = self._own()
        store = self.first.truths.store
        pairing, self.doubts = proven(
            names or {},
            lambda given, called: paired(self.first.calls, self.second_calls, given, called=called),
            lambda index: store.place(("in", index, 0)),
            self._wrong_places,
        )
        self.pairs, self.alone = pairing.pairs, pairing.alone
        self.notes += [
            f"{pair.names[0]} / {pair.names[1]}: the normalisation is folded into one layer: right in eval mode alone"
            for pair in self.pairs
            if folds(pair)
        ]
        if not self.error:
            self.notes += self._left_over(pairing)
        self.notes += self.doubts
        self._measure(step, explain, self.carry)

    def check(
        self,
        pairs: Callable[[list[Call]], list[Pair]],
        step: Callable[[str], None],
        explain: Callable[["Layers"], None],
    ) -> None:
        """The same of partners that are known, with their own weights: one model at two times."""
        self.second_calls = self._calls()
        self.pairs = pairs(self.second_calls)
        self._measure(step, explain, lambda place, pair: None)

    def _measure(
        self, step: Callable[[str], None], explain: Callable[["Layers"], None], carry: Callable[[int, Pair], None]
    ) -> None:
        step("each layer alone")
        watcher, results = self._forced_until_stable(carry)
        self._outputs(watcher, results)
        step("the causes")
        self.settings = {
            i: [entry.name for entry in recognised(pair.first[-1].layer, pair.second[-1].layer)]
            for i, pair in enumerate(self.pairs)
        }
        explain(self)
        step("each layer in float32")
        self._narrow_as_wide()
        self.found_float32 = self.forced(self.narrow)[0].found
        step("the whole")
        restore(self.wide, self.own)
        self._narrow_as_wide()
        self.free, results = self._free(self.wide)
        self._judge_outputs(results, "propagated")
        self.free_float32, results = self._free(self.narrow)
        self._judge_outputs(results, "propagated_float32")

    def _own(self) -> Arrays:
        """The weights that were loaded: in the wrong ones' place come the right ones while layers are judged."""
        return {name: np.array(value(v)) for name, v in self.wide.variables().items()} if self.loaded else {}

    def _narrow_as_wide(self) -> None:
        copy_variables(list(self.wide.variables().values()), list(self.narrow.variables().values()), "the copy")

    def _wrong_places(self, pairing: Pairing) -> list[float]:
        """The first model's calls whose partners get something wrong, or the end, where an output is."""
        self.pairs = pairing.pairs
        if not self.error:
            self._left_over(pairing)
        self._outputs(*self._forced_until_stable(self.carry))
        found = [
            self.pairs[i].first[0].index
            for i, seen in self.found.items()
            if i in self.misfit or (max(seen.edges.values(), default=0.0) > LIMIT and not seen.carried)
        ]
        return [*found, END] if any(o.edge > LIMIT and not o.carried for o in self.outputs) else [*found]

    def _left_over(self, pairing: Pairing) -> list[str]:
        """Carry over what is no layer's; what was loaded is compared.  What has no partner is said."""
        if not self.first.calls or not self.second_calls:  # a function has no layers
            return []
        calls = [*self.first.calls, *self.second_calls]
        rest, alone = left_over(self.first_side.variables(), self.wide.variables(), self.pairs, calls)
        self.stray = []
        for part in rest:
            if not self.loaded:
                assign(part.target, value(part.source))
            elif (units := roundings(value(part.target), value(part.source))) > LIMIT:
                self.stray.append((part.first, part.second, units))
        return [said for said in (without_partner(pairing, rest), *alone) if said]

    def _calls(self) -> list[Call]:
        """The second model's calls, by the names that the user gave the layers."""
        traces, errors, results = (Trace(), Trace()), [], []
        for side, trace in zip((self.wide, self.narrow), traces):
            try:
                results.append(side.run(self.inputs, trace, training=self.training))
            except Exception as error:
                last = trace.calls[-1].name if trace.calls else "its start"
                errors.append(f"in or after {last}: {one_line(error)}")
        if len(errors) == 1:
            raise UsageError(
                f"the second model runs as it is, and not in float64, the measure of the comparison: {errors[0]}"
            )
        self.error = f"the second model raises {errors[-1]}" if errors else ""
        if not errors:
            repeat(self.wide, self.inputs, results[0], "second", training=self.training)
        for call, narrow in zip(traces[0].calls, traces[1].calls):
            call.name = narrow.name
        return [call for call in traces[0].calls if call.outputs or not self.error]

    def _forced_until_stable(self, carry: Callable[[int, Pair], None]) -> tuple[Forced, Arrays]:
        """The forced run in float64.

        Layers without weights are partners only if they get the same: others are taken apart, and it runs again.
        """
        results: Arrays = {}

        def run() -> Forced:
            nonlocal results
            self.wrong, self.misfit, self.causes = {}, {}, {}
            restore(self.wide, self.own)
            watcher, results = self.forced(self.wide, carry, self.look_for_cause)
            self.found = watcher.found
            return watcher

        def wrong(pair: Pair) -> bool:
            return any(self.pairs[place] is pair for place in self.wrong)

        watcher = settled(run, wrong)
        while True:
            apart = [
                i for i, pair in enumerate(self.pairs)
                if not pair.weighted and i in self.found and max(self.found[i].edges.values(), default=0.0) > LIMIT
            ]  # fmt: skip
            if not apart:
                return watcher, results
            self.pairs = [pair for i, pair in enumerate(self.pairs) if i not in apart]
            watcher = run()

    def look_for_cause(self, place: int, call: Call, link: Link, again: Again) -> None:
        """Look for the cause of a layer that alone is wrong."""
        one, two = (
            [c for c in calls if c.kind != "pad"] for calls in (self.pairs[place].first, self.pairs[place].second)
        )
        if len(one) == len(two) == 1 and place not in self.misfit:

            def agrees(outputs: list[Array]) -> bool:
                return bool(outputs) and error(self.first.truths, link, outputs, forced=True) <= LIMIT

            kept = [(v, np.array(value(v))) for v in own_variables(call.layer)]
            self.causes[place] = mended(one[0], call, again, agrees)
            for variable, w in kept:  # in train mode every call moves the running statistics
                assign(variable, w)

    def carry(self, place: int, pair: Pair) -> None:
        """The first model's weights for the layer that is about to run; of loaded ones, what is wrong in them."""
        try:
            if self.loaded:
                wrong = compare_weights(pair, self.pairs)
                if wrong is not None:
                    self.wrong[place] = wrong
                    carry_weights(pair)
            else:
                carry_weights(pair)
        except UsageError as error:
            self.misfit[place] = str(error)

    def forced(
        self, side: Side, before: Callable[[int, Pair], None] = lambda place, pair: None,
        wrong: Callable[[int, Call, Link, Again], None] = lambda place, call, link, again: None,
        mends: Mapping[int, Callable[[Call, Again], list[Array]]] | None = None, gradients: bool = False,
    ) -> tuple[Forced, Arrays]:  # fmt: skip
        """A run in which every layer is given what the first model's layer got."""
        channels = [shape[1] for call in self.first.calls for shape in (*call.outputs, *call.shapes) if len(shape) > 2]
        channels += [shape[-1] for call in self.first.calls for shape in call.outputs if len(shape) > 2]
        watcher = Forced(self.first.truths, self.pairs, channels, before, wrong, mends or {})
        return watcher, self._run(side, watcher, gradients)

    def _free(self, side: Side) -> tuple[dict[int, float], Arrays]:
        watcher = Free(self.first.truths, self.pairs)
        return watcher.units, self._run(side, watcher)

    def _run(self, side: Side, watcher: Any, gradients: bool = False) -> Arrays:
        """The outputs; none where the model raises, which is known by then."""
        try:
            return side.run(self.inputs, watcher, training=self.training, gradients=gradients)
        except Exception:
            if not self.error:
                raise
            return {}

    def _outputs(self, watcher: Forced, results: Arrays) -> None:
        first = list(self.first.results)
        self.outputs = outputs_of(self.first.truths, first, results, watcher.errors)
        second = first if self.error else second_names(first, results)
        self.lone_outputs = [(name, "first") for name in first[len(second) :]]
        self.lone_outputs += [(name, "second") for name in second[len(first) :]]

    def _judge_outputs(self, results: Arrays, column: str) -> None:
        for output in self.outputs:
            if output.second in results:
                setattr(output, column, output.error(self.first.truths, results[output.second], forced=False))

    def source(self, index: int) -> str:
        """The last layer with a partner or with weights that the first model called before."""
        mine = {id(c) for c in self.alone[0]} | {id(c) for pair in self.pairs for c in pair.first}
        before = [c for c in self.first.calls if id(c) in mine and c.index < index]
        return before[-1].name if before else "input"
