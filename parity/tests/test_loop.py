"""A loop that is ready to be timed: what the clock includes, and what a GPU needs, tested with a made-up GPU."""

import contextlib
import math
from types import SimpleNamespace

import numpy as np
import pytest

from parity import draw
from parity.frameworks.runtime import Unavailable
from parity.timing import loop as timing
from parity.timing.loop import L2_BYTES, MOST_COPIES, WARM_UP, WARM_UP_CUDA, Backend, warmed

GPU = Backend(framework="torch", device="cuda")


@pytest.fixture
def log(monkeypatch):
    """The calls of a made-up runtime and implementation, in order."""
    calls = []

    def put(arrays, device, layout):
        calls.append("put")
        return {"number": calls.count("put"), **arrays}

    def step(model, batch):
        calls.append(batch["number"])
        return {"loss": 0.0}

    fake = SimpleNamespace(
        policy=lambda device, dtype, tf32: contextlib.nullcontext(), put=put, wrap=lambda stage, mode: stage,
        sync=lambda device: calls.append("sync"), device_seconds=lambda call, device: (call(), 0.5)[1],
    )  # fmt: skip
    implementation = SimpleNamespace(__name__="impl_torch.mlp", build=lambda params, **config: params, step=step)
    monkeypatch.setattr(timing, "available", lambda framework, device, mode: fake)
    monkeypatch.setattr(timing, "implementation_of", lambda task, framework: implementation)
    return calls


def test_on_a_gpu_the_inputs_rotate_past_its_cache_and_each_call_waits(log):
    _, batch = draw(timing.load("mlp"), "base", judged=False)
    one = sum(a.astype(np.float32).nbytes if a.dtype.kind == "f" else a.nbytes for a in batch.values())
    copies = min(MOST_COPIES, math.ceil(2 * L2_BYTES / one))
    assert copies * one >= 2 * L2_BYTES
    with warmed("mlp", "step", GPU) as loop:
        assert log.count("put") == 1 + copies  # the weights once
        assert log.count("sync") == 1 + WARM_UP_CUDA
        del log[:]
        for _ in range(copies):
            loop.call()
    assert sorted(log[::2]) == [number + 2 for number in range(copies)]  # each of the batches once
    assert set(log[1::2]) == {"sync"}


def test_a_gpus_own_events_time_a_call_without_the_wait(log):
    with warmed("mlp", "step", GPU) as loop:
        del log[:]
        assert loop.device_seconds() == 0.5
    assert "sync" not in log
    assert len(log) == 1


def test_on_a_cpu_the_batch_stays_and_no_call_waits(log):
    with warmed("mlp", "step", Backend(framework="torch")) as loop:
        assert log == ["put", "put", *[2] * (1 + WARM_UP)]
        loop.call()
    assert log[-1] == 2


def test_a_missing_gpu_is_an_error_that_names_the_framework(framework):
    if "cuda" in timing.available(framework, "cpu", "eager").devices():
        pytest.skip(f"{framework} has a GPU here")
    with (
        pytest.raises(Unavailable, match=f"{framework} sees no cuda device here"),
        warmed("mlp", "step", Backend(framework=framework, device="cuda")),
    ):
        pass


@pytest.mark.parametrize(
    ("outputs", "handed"),
    [
        ("loss grad.x grad.w w momentum.w exp_avg_sq.w", "loss"),  # a training step: its user reads the loss
        ("loss grad.x grad.w", "loss grad.x grad.w"),  # the gradients are the result
    ],
)
def test_a_timed_graph_returns_only_what_its_user_reads(outputs, handed):
    """A graph copies its results out, so weights, gradients and buffers would be copied at each call."""
    loop = timing.handed_over(lambda batch: dict.fromkeys(outputs.split(), 0.0), {"w": np.ones(2)})
    assert list(loop({})) == handed.split()


def test_a_timed_loop_stays_finite():
    """Thousands of calls with the timing configuration leave the weights where they were."""
    with warmed("digits_training", "epoch", Backend(framework="numpy"), size="tiny") as loop:
        for _ in range(1000):
            outputs = loop.call()
    assert all(np.isfinite(a).all() for a in outputs.values())
