"""Which backends are timed on which loops, and in which order."""

import contextlib
from types import SimpleNamespace

from parity.timing.contest import SPARE, TURNS
from parity.timing.plugin import contest_of, pytest_runtest_protocol


def contest(**options):
    given = {"tasks": "mlp", "frameworks": "numpy", "devices": "", "modes": "", "size": "tiny", "tf32": False}
    return contest_of({**given, **options}.get)


def test_backends_take_turns_and_each_turn_begins_with_another_one():
    turns = [(str(entry), turn) for entry, turn in contest(frameworks="numpy,torch").turns()]
    forward = [f"mlp forward {who}" for who in ("numpy", "torch")]
    assert turns[:4] == [(forward[0], 0), (forward[1], 0), (forward[1], 1), (forward[0], 1)]
    assert {entry for entry, _ in turns[: 2 * TURNS]} == set(forward)
    assert len(turns) == len(set(turns)) == 3 * 2 * (TURNS + SPARE)


def test_the_word_is_passed_on_when_every_backend_has_had_its_turn():
    """So the processes with other numbers of threads are timed turn by turn."""
    passed, after = [], []
    config = SimpleNamespace(word=SimpleNamespace(pass_on=lambda: passed.append(1)))
    turns = contest(frameworks="numpy,torch").turns()
    items = [SimpleNamespace(config=config, callspec=SimpleNamespace(params={"entry": e, "turn": t})) for e, t in turns]
    for item, following in zip(items, [*items[1:], None], strict=True):
        steps = pytest_runtest_protocol(item, following)
        next(steps)
        with contextlib.suppress(StopIteration):
            steps.send(True)
        after.append(len(passed))
    assert after[:5] == [0, 1, 1, 2, 2]
    assert after[-1] == len(turns) / 2 - 1  # none after the last turn


def test_modes_are_added_to_the_usual_ones():
    asked = contest(frameworks="numpy,torch,tf", devices="cpu", modes="xla,graph")
    backends = [str(backend) for backend in asked.backends]
    assert backends[:6] == ["numpy", "numpy xla", "numpy graph", "torch", "torch xla", "torch graph"]
    assert backends[6:] == ["tf graph", "tf xla"]


def test_tf32_is_a_backend_beside_the_one_without_it_on_a_gpu_alone():
    asked = contest(frameworks="torch,tf", devices="cpu,cuda", tf32=True)
    assert [str(backend) for backend in asked.backends] == [
        "torch", "torch cuda", "torch cuda tf32", "tf graph", "tf graph cuda", "tf graph cuda tf32",
    ]  # fmt: skip
