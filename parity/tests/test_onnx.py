"""The NumPy operations against ONNX's own node cases: an oracle that nobody here wrote.

A case is one node, its inputs, and the outputs that ONNX's reference computed in float32.  Our operation in float64 is
the truth, and ONNX's outputs are judged like any framework's.  An adapter's keywords are the attributes that our
operation can express; a case with another attribute or input (a mask, a dilation, a peephole) is left out.
"""

import contextlib
import importlib
import inspect
import warnings
from collections import Counter

import numpy as np
import pytest

from impl_numpy import ops
from parity.judging.noise import LIMIT, noise_units, truth_of

onnx = pytest.importorskip("onnx", reason="ONNX's node cases need the package: pip install -e '.[onnx]'")


def relu(x):
    return [ops.relu(x)[0]]


def sigmoid(x):
    return [ops.sigmoid(x)[0]]


def tanh(x):
    return [ops.tanh(x)[0]]


def softmax(x, *, axis=-1):
    return [np.moveaxis(ops.softmax(np.moveaxis(x, axis, -1))[0], -1, axis)]


def log_softmax(x, *, axis=-1):
    return [np.log(*softmax(x, axis=axis))]


def gemm(a, b, c=0, *, alpha=1.0, beta=1.0, transA=0, transB=0):
    return [ops.linear(alpha * (a.T if transA else a), b if transB else b.T, beta * c)[0]]


def conv(x, w, b=None, *, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0)):
    due(len(set(strides)) == len(set(pads)) == 1)
    return [ops.conv2d(x, w, b, stride=strides[0], padding=pads[0])[0]]


def max_pool(x, *, kernel_shape, strides=(1, 1)):
    due(x.ndim == 4 and kernel_shape == list(strides))
    return [ops.max_pool(x, kernel_shape[0])[0]]


def arg_max(x, *, axis=0, keepdims=1):
    index = ops.argmax(np.moveaxis(x, axis, -1))
    return [np.expand_dims(index, axis) if keepdims else index]


def batch_norm(x, weight, bias, mean, var, *, epsilon=1e-5, training_mode=0):
    due(training_mode)
    y, batch_mean, batch_var, _ = ops.batch_norm(x, weight, bias, eps=epsilon)
    return [y, 0.9 * mean + 0.1 * batch_mean, 0.9 * var + 0.1 * batch_var]


def cross_entropy(x, labels, weights=None, *, reduction="mean", ignore_index=None):
    """The operation takes (n, c) and the mean; a weighted mean is one of it for each class."""
    logits, flat = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]), labels.ravel()
    weights = np.ones_like(x, shape=x.shape[1]) if weights is None else weights
    log_prob = np.log(ops.softmax(logits)[0])
    counts = {c: np.sum(flat == c) for c in range(x.shape[1]) if c != ignore_index and (flat == c).any()}
    if reduction == b"none":
        kept = np.isin(flat, list(counts))
        safe = np.where(kept, flat, 0)
        loss = np.where(kept, -log_prob[np.arange(len(flat)), safe] * weights[safe], 0).reshape(labels.shape)
    else:
        loss = sum(weights[c] * counts[c] * ops.cross_entropy(logits[flat == c], flat[flat == c])[0] for c in counts)
        loss = loss / sum(weights[c] * counts[c] for c in counts) if reduction == b"mean" else loss
    return [loss, np.moveaxis(log_prob.reshape(*labels.shape, -1), -1, 1)]


def attention(q, k, v, *, scale=None, q_num_heads=0, kv_num_heads=0):
    if q.ndim == 3:  # (n, t, heads d) -> (n, heads, t, d)
        heads = (q_num_heads, kv_num_heads, kv_num_heads)
        q, k, v = (x.reshape(*x.shape[:2], h, -1).swapaxes(1, 2) for x, h in zip((q, k, v), heads, strict=True))
    k, v = (np.repeat(x, q.shape[1] // x.shape[1], 1) for x in (k, v))  # grouped queries share their keys
    y = ops.attention(q if scale is None else q * scale * q.shape[-1] ** 0.5, k, v)[0]
    return [y if not q_num_heads else y.swapaxes(1, 2).reshape(len(y), y.shape[2], -1)]


def lstm(x, w, r, b=None, *, hidden_size, layout=0, direction=b"forward"):
    """ONNX's gates are i, o, f, g, one bias for each product; time comes first unless `layout`."""
    x = x if layout else x.swapaxes(0, 1)
    order = np.arange(4 * hidden_size).reshape(4, -1)[[0, 2, 3, 1]].ravel()
    ways = {b"forward": [False], b"reverse": [True], b"bidirectional": [False, True]}[direction]
    ys, hs, cs = [], [], []
    for way, backwards in enumerate(ways):
        bias = np.zeros_like(x, shape=4 * hidden_size) if b is None else b[way].reshape(2, -1).sum(0)[order]
        y, h, c, _ = ops.lstm(x[:, ::-1] if backwards else x, w[way][order], r[way][order], bias)
        ys, hs, cs = [*ys, y[:, ::-1] if backwards else y], [*hs, h], [*cs, c]
    y = np.stack(ys, 2 if layout else 1)
    return [y if layout else np.moveaxis(y, 2, 0), np.stack(hs, 1 if layout else 0), np.stack(cs)]


def momentum(lr, t, *arrays, alpha, beta, mode, norm_coefficient):
    due(mode == b"standard" and t == 0)  # the first step takes the whole gradient, whatever beta
    xs, gs, vs = parts(arrays, 3)
    sgd = ops.SGD(xs, lr=lr, momentum=alpha)
    sgd.velocity = vs
    sgd.step({name: g + norm_coefficient * xs[name] for name, g in gs.items()})
    return [*sgd.params.values(), *sgd.velocity.values()]


def adam(lr, t, *arrays, alpha, beta, epsilon, norm_coefficient):
    due(t == 0)  # at 0 nothing is corrected for the start from zero, as in ours after very many steps
    xs, gs, ms, vs = parts(arrays, 4)
    ours = ops.Adam(xs, lr=lr, betas=(alpha, beta), eps=epsilon)
    ours.t, ours.m, ours.v = 10**9, ms, vs
    ours.step({name: g + norm_coefficient * xs[name] for name, g in gs.items()})
    return [*ours.params.values(), *ours.m.values(), *ours.v.values()]


ADAPTERS = {
    "Relu": relu, "Sigmoid": sigmoid, "Tanh": tanh, "Softmax": softmax, "LogSoftmax": log_softmax, "Gemm": gemm,
    "Conv": conv, "MaxPool": max_pool, "ArgMax": arg_max, "BatchNormalization": batch_norm, "LSTM": lstm,
    "SoftmaxCrossEntropyLoss": cross_entropy, "Attention": attention, "Momentum": momentum, "Adam": adam,
}  # fmt: skip


MODULES = (
    "relu", "sigmoid", "tanh", "softmax", "logsoftmax", "gemm", "conv", "maxpool", "argmax", "batch_normalization",
    "lstm", "softmax_cross_entropy_loss", "attention", "momentum", "adam",
)  # fmt: skip
# Cases by operation; fewer would mean that an adapter lost some without a word.
EXPRESSED = {
    "Relu": 1, "Sigmoid": 2, "Tanh": 2, "Softmax": 7, "LogSoftmax": 7, "Gemm": 11, "Conv": 4, "MaxPool": 1,
    "ArgMax": 8, "BatchNormalization": 2, "LSTM": 5, "SoftmaxCrossEntropyLoss": 34, "Attention": 13, "Momentum": 2,
    "Adam": 2,
}  # fmt: skip


class NotExpressibleError(Exception):
    """The case has something for which our operation has no argument."""


def due(condition):
    if not condition:
        raise NotExpressibleError


def takes(adapter, inputs, attributes):
    with contextlib.suppress(TypeError):
        return bool(inspect.signature(adapter).bind(*inputs, **attributes))
    return False


def parts(arrays, count):
    """x1 x2 g1 g2 v1 v2 as three lists by name; copies, since optimizers write into theirs."""
    many = len(arrays) // count
    return [{str(i): x.copy() for i, x in enumerate(arrays[p * many : (p + 1) * many])} for p in range(count)]


def cases():
    """ONNX's cases for these operations, by name.

    Importing a module of cases makes them.  `collect_testcases` would import all 200, which takes a minute.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of them overflow on purpose
        node = importlib.import_module("onnx.backend.test.case.node")
        for module in MODULES:
            importlib.import_module(f"{node.__name__}.{module}")
    found = {case.name: case for case in node._NodeTestCases}
    return {
        name: case for name, case in found.items() if [n.op_type in ADAPTERS for n in case.model.graph.node] == [True]
    }


def compare(case):
    """The noise units of each of ONNX's outputs, or nothing where our operation cannot express the case."""
    (node,) = case.model.graph.node
    ((inputs, outputs),) = case.data_sets
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    given, adapter = iter(inputs), ADAPTERS[node.op_type]
    arrays = {f"{place:02}": np.asarray(next(given)) for place, name in enumerate(node.input) if name}

    def compute(params, batch):
        results = adapter(*(batch.get(f"{place:02}") for place in range(len(node.input))), **attributes)
        due(len(results) >= len(node.output))
        return {name: np.asarray(result) for name, result in zip(node.output, results, strict=False) if name}

    try:
        due(all(x.dtype in (np.float32, np.int64) for x in [*arrays.values(), *outputs]))
        due(takes(adapter, node.input, attributes))
        truths = truth_of(compute, {}, arrays, "float32")
    except NotExpressibleError:
        return {}
    return {
        name: noise_units(output, truths[name].value, noise=truths[name].noise, peak=truths[name].peak)
        for name, output in zip(filter(None, node.output), outputs, strict=True)
    }


def test_the_operations_agree_with_onnx():
    units = {name: (case.model.graph.node[0].op_type, compare(case)) for name, case in cases().items()}
    assert {name: (op, of) for name, (op, of) in units.items() if max(of.values(), default=0) > LIMIT} == {}
    assert Counter(op for op, of in units.values() if of) == EXPRESSED
