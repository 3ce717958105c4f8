"""The gallery is what it says: right ports are right, and a planted fault is where it is said to be, and nowhere else.

Nothing of the comparison is used: weights are carried over by hand, and everything is computed in float64.
"""

import copy
import subprocess
import sys

import numpy as np
import pytest

from parity.divergences import catalogue
from parity.tests import gallery
from parity.tests.gallery.byhand import array, weights_of

RIGHT = 1e-6  # relative RMS: TensorFlow keeps some constants in float32
WRONG = 100 * 2.0**-24  # a hundred roundings of float32
SCALES = (1.0, 2.0**-10, 2.0**-20)  # of the gradients: Adam's epsilon is invisible at 1
FORWARD = {"output", "between", "call", "weights"}
# Keras flattens in another order: what these layers are fed, or return, is not compared, what becomes of it is.
REORDERED = {
    "flatten": {"fc1"}, "flatten_rows": {"fc1"}, "unflatten": {"fc"}, "unflatten_norm": {"fc", "norm"},
    "unflatten_loaded": {"fc"}, "unflatten_activation": {"fc"}, "unflatten_rows": {"fc"},
}  # fmt: skip
# On a CPU TensorFlow has this layout and this pooling in float32 alone.
FLOAT32 = {"channels_first", "volume_pooled"}
NAMES = gallery.names()
FAMILIES = gallery.families()
TRAINED = [name for family in ("branches", "losses", "optimizers", "statistics") for name in FAMILIES[family]]


@pytest.fixture(autouse=True)
def _float64(request):
    if "name" not in request.fixturenames:
        yield
        return
    for framework in ("torch", "keras"):
        pytest.importorskip(framework, reason="a pair has two frameworks")
    from impl_tf import policy

    with policy("cpu", "float32" if request.getfixturevalue("name") in FLOAT32 else "float64"):
        yield


@pytest.fixture
def pair(name):
    return gallery.load(name)


@pytest.fixture
def both(pair):
    from parity.tests.gallery.proof import built

    return built(pair)


def gap(a, b):
    """The relative RMS of a difference; infinite where the shapes differ."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-30) if a.shape == b.shape else np.inf


def is_right(*sides):
    """Whether both sides are one; what is neither right nor clearly wrong is a mistake of the gallery."""
    return judged(gap(*sides))


def judged(found):
    assert found < RIGHT or found > WRONG, f"neither right nor wrong: {found:.2g}"
    return found < RIGHT


def places(pair, *parts):
    return {fault.where[0] for fault in pair.faults if fault.part in parts}


def test_names_import_no_framework():
    code = "import sys; from parity.tests import gallery; gallery.names(); print({'torch', 'keras'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_the_gallery_is_large_and_its_names_are_its_own():
    assert len(set(NAMES)) == len(NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_faults_are_in_the_words_of_the_catalogue(pair):
    assert {fault.cause for fault in pair.faults} <= {"unknown", *catalogue()}
    assert {fault.part for fault in pair.faults} <= set(gallery.PARTS)


@pytest.mark.parametrize("name", NAMES)
def test_forward(pair, both):
    """Outputs differ where a fault is, only faulty layers are wrong alone, and wrong inputs begin where they should."""
    from parity.tests.gallery.proof import isolated, watched, x_of

    calls, outputs = watched(pair, both)
    reordered = REORDERED.get(pair.name, set())
    assert all(is_right(a, b) for a, b in outputs) == (not places(pair, *FORWARD))
    wrong = set()
    for name, found in calls.items():
        alone = isolated(found) if name not in reordered else None
        if alone is not None and not is_right(*alone):
            wrong.add(name)
    assert wrong == places(pair, "output", "weights") - reordered
    fed = [name for name, found in calls.items() if name not in reordered and not is_right(x_of(found), found.theirs)]
    expected = [f for f in pair.faults if f.part in FORWARD]
    if not expected:
        assert fed == []
    elif expected[0].part == "between":
        assert fed[0] == expected[0].where[1]
    elif fed:
        order = list(calls)
        assert order.index(fed[0]) > min(order.index(name) for name in places(pair, "output", "weights", "call"))


@pytest.mark.parametrize("name", TRAINED)
def test_losses(pair, both):
    """Both losses on torch's own logits."""
    import keras
    import torch

    targets = pair.targets(np.random.default_rng(1))
    logits = both.run_net()[0].detach()
    real = torch.float64 if targets.dtype == np.float32 else torch.int64
    ours = copy.deepcopy(pair.loss[0]).double()(logits, torch.tensor(targets, dtype=real))
    theirs = pair.loss[1](keras.ops.convert_to_tensor(targets), keras.ops.convert_to_tensor(array(logits)))
    assert is_right(theirs, ours) == (not places(pair, "loss"))


@pytest.mark.parametrize("name", FAMILIES["branches"] + FAMILIES["statistics"])
def test_a_forward_in_training(pair, both):
    """The rates of dropout, the outputs without it, what the layers keep, and every gradient."""
    import tensorflow as tf
    import torch

    for name, (module, layer) in both.partners.items():
        if type(module).__name__ == "Dropout":
            assert (module.p != layer.rate) == (name in places(pair, "training"))
            module.p = layer.rate = 0.0
    both.net.train()
    ours = both.run_net()[0]
    cotangent = np.random.default_rng(2).normal(size=tuple(ours.shape))
    (ours * torch.tensor(cotangent)).sum().backward()
    with tf.GradientTape() as tape:
        theirs = both.run_model(training=True)[0]
        value = tf.reduce_sum(theirs * cotangent)
    changed = {n for n in places(pair, "training") if type(both.partners[n][0]).__name__ != "Dropout"}
    assert is_right(theirs, ours.detach()) == (not changed)
    kept = {n for n, (m, k) in both.partners.items() if hasattr(m, "running_var") and not _same(weights_of(m, k), k)}
    assert kept == places(pair, "buffers") | changed
    if not changed:
        grads = dict(zip((v.path for v in both.model.variables), tape.gradient(value, _values(both.model))))
        wrong = {name for name, (m, k) in both.partners.items() if not _same_gradients(m, k, grads)}
        assert wrong == places(pair, "gradients")


@pytest.mark.parametrize("name", FAMILIES["optimizers"])
def test_two_steps(pair, both):
    """Both optimizers from the same gradients, at three scales."""
    import torch
    from keras import Variable

    rng = np.random.default_rng(3)
    start = [array(p).copy() for p in both.net.parameters()]
    gaps = []
    for scale in SCALES:
        weights = [torch.nn.Parameter(torch.tensor(p)) for p in start]
        variables = [Variable(p, dtype="float64") for p in start]
        ours, theirs = pair.step[0](weights), pair.step[1](variables)
        for _ in range(2):
            grads = [scale * rng.normal(size=p.shape) for p in start]
            for weight, grad in zip(weights, grads):
                weight.grad = torch.tensor(grad)
            ours.step()
            theirs.apply(grads, variables)
        gaps += [gap(v, array(w)) for v, w in zip(variables, weights)]
    assert judged(max(gaps)) == (not places(pair, "step"))


def _values(model):
    return [variable.value for variable in model.variables]


def _same(ours, layer):
    return all(is_right(b, a) for a, b in zip(ours, layer.get_weights()))


def _same_gradients(module, layer, grads):
    """Whether each gradient is there on both sides, and the same."""
    theirs = [grads[v.path] if v.trainable else None for v in layer.weights][: len([*module.parameters()])]
    ours = [p.grad for p in module.parameters()]
    if any(g is None for g in (*ours, *theirs)):
        return not any(g is not None for g in (*ours, *theirs))
    twin = copy.deepcopy(module)
    for p, grad in zip(twin.parameters(), ours):
        p.data = grad
    return all(is_right(b, a) for a, b in zip(weights_of(twin, layer), theirs))
