"""The weights of Keras's layers, by torch's names and in torch's layout."""

import math
from typing import Any

import numpy as np

from parity.models.weights import Slot, Slots, slots_of, weight_rule
from parity.task import Array

CONVOLUTIONS = ("keras.layers.Conv1D", "keras.layers.Conv2D", "keras.layers.Conv3D")
TRANSPOSED = ("keras.layers.Conv1DTranspose", "keras.layers.Conv2DTranspose", "keras.layers.Conv3DTranspose")
DEPTHWISE = ("keras.layers.DepthwiseConv1D", "keras.layers.DepthwiseConv2D")
SEPARABLE = ("keras.layers.SeparableConv1D", "keras.layers.SeparableConv2D")
GRU_GATES = (1, 0, 2)  # reset, update, new in torch; update, reset, new in Keras
PLAIN = {
    "activation": ("ReLU", "Activation", "LeakyReLU", "ELU", "Softmax"),
    "max_pool": ("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"),
    "average_pool": ("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"),
    "global_average_pool": ("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"),
    "global_max_pool": ("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"),
    "dropout": ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"),
    "flatten": ("Flatten", "Reshape"),
    "resize": ("UpSampling1D", "UpSampling2D", "UpSampling3D", "Resizing"),
    "pad": ("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"),
}


def _bias(layer: Any) -> Slots:
    """The bias of any shape as one axis."""
    bias = getattr(layer, "bias", None)
    if bias is None:
        return []
    shape = tuple(bias.shape)
    return [Slot.of("bias", bias, lambda v: v.reshape(-1), lambda w: w.reshape(shape))]


@weight_rule("keras.layers.Dense", kind="linear")
def _dense(layer: Any) -> Slots:
    return [Slot.of("weight", layer.kernel, np.transpose, np.transpose), *_bias(layer)]


@weight_rule("keras.layers.EinsumDense", kind="linear")
def _einsum(layer: Any) -> Slots:
    """`abc,cde->abde`: what the kernel shares with the input alone is summed over, the rest are outputs."""
    operands, _, result = layer.equation.replace("...", "").partition("->")
    letters = operands.partition(",")[2]
    outputs = [i for i, letter in enumerate(letters) if letter in result]
    axes = [*outputs, *(i for i in range(len(letters)) if i not in outputs)]
    moved = [layer.kernel.shape[i] for i in axes]
    rows = math.prod(moved[: len(outputs)])

    def write(w: Array) -> Array:
        return w.reshape(moved).transpose(np.argsort(axes))

    return [Slot.of("weight", layer.kernel, lambda v: v.transpose(axes).reshape(rows, -1), write), *_bias(layer)]


@weight_rule(*CONVOLUTIONS, kind="convolution")
@weight_rule(*TRANSPOSED, kind="transposed_convolution")
def _convolution(layer: Any) -> Slots:
    """hwio -> oihw; of a transposed convolution hwoi -> iohw, which is the same exchange."""
    return [_moved("weight", layer.kernel), *_bias(layer)]


@weight_rule(*DEPTHWISE, kind="convolution")
def _depthwise(layer: Any) -> Slots:
    return [_per_channel("weight", layer.kernel), *_bias(layer)]


@weight_rule(*SEPARABLE, kind="separable_convolution")
def _separable(layer: Any) -> Slots:
    bias = [slot.named("1.bias") for slot in _bias(layer)]
    return [_per_channel("0.weight", layer.depthwise_kernel), _moved("1.weight", layer.pointwise_kernel), *bias]


def _moved(name: str, kernel: Any) -> Slot:
    return Slot.of(name, kernel, lambda v: np.moveaxis(v, (-1, -2), (0, 1)), lambda w: np.moveaxis(w, (0, 1), (-1, -2)))


def _per_channel(name: str, kernel: Any) -> Slot:
    """hwcm -> (c·m) 1 h w: `m` filters of one channel each."""
    *space, c, m = kernel.shape
    return Slot.of(
        name, kernel,
        lambda v: np.moveaxis(v, (-2, -1), (0, 1)).reshape(c * m, 1, *space),
        lambda w: np.moveaxis(w.reshape(c, m, *space), (0, 1), (-2, -1)),
    )  # fmt: skip


@weight_rule("keras.layers.BatchNormalization", kind="batch_norm")
@weight_rule("keras.layers.LayerNormalization", kind="layer_norm")
@weight_rule("keras.layers.GroupNormalization", kind="group_norm")
@weight_rule("keras.layers.RMSNormalization", kind="rms_norm")
def _norm(layer: Any) -> Slots:
    names = {
        "gamma": "weight", "scale": "weight", "beta": "bias",
        "moving_mean": "running_mean", "moving_variance": "running_var",
    }  # fmt: skip
    found = ((name, getattr(layer, own, None)) for own, name in names.items())
    return [Slot.of(name, variable) for name, variable in found if hasattr(variable, "assign")]


@weight_rule("keras.layers.Embedding", kind="embedding")
def _embedding(layer: Any) -> Slots:
    return [Slot.of("weight", layer.embeddings)]


@weight_rule("keras.layers.PReLU", kind="prelu")
def _prelu(layer: Any) -> Slots:
    """A slope for each element or, where axes are shared, for each channel."""
    shape = tuple(layer.alpha.shape)
    shared = math.prod(shape) == shape[-1]
    return [Slot.of("slope", layer.alpha, lambda v: v.reshape(-1) if shared else v, lambda w: w.reshape(shape))]


@weight_rule("keras.layers.LSTM", kind="lstm", whole=True)
@weight_rule("keras.layers.SimpleRNN", kind="rnn", whole=True)
@weight_rule("keras.layers.LSTMCell", kind="lstm_cell", whole=True)
@weight_rule("keras.layers.SimpleRNNCell", kind="rnn_cell", whole=True)
def _recurrent(layer: Any) -> Slots:
    cell = getattr(layer, "cell", layer)
    slots = [
        Slot.of("weight_ih_l0", cell.kernel, np.transpose, np.transpose),
        Slot.of("weight_hh_l0", cell.recurrent_kernel, np.transpose, np.transpose),
    ]
    return [*slots, Slot.of("bias_l0", cell.bias)] if cell.use_bias else slots


@weight_rule("keras.layers.GRU", kind="gru", whole=True)
@weight_rule("keras.layers.GRUCell", kind="gru_cell", whole=True)
def _gru(layer: Any) -> Slots:
    cell = getattr(layer, "cell", layer)
    slots = [
        Slot.of("weight_ih_l0", cell.kernel, lambda v: _gates(v.T), lambda w: _gates(w).T),
        Slot.of("weight_hh_l0", cell.recurrent_kernel, lambda v: _gates(v.T), lambda w: _gates(w).T),
    ]
    if not cell.use_bias:
        return slots
    if len(cell.bias.shape) == 1:  # the state is reset before the product, and one bias is enough
        return [*slots, Slot.of("bias_ih_l0", cell.bias, _gates, _gates)]

    def bias(i: int, name: str) -> Slot:
        def write(w: Array, old: Array) -> tuple[Array]:
            return (np.stack([_gates(w) if i == row else old[row] for row in (0, 1)]),)

        return Slot(name, (cell.bias,), lambda v: _gates(v[i]), write, lambda v: _gates(v[i]))

    return [*slots, bias(0, "bias_ih_l0"), bias(1, "bias_hh_l0")]


def _gates(w: Array) -> Array:
    """The exchange of the first two gates is its own inverse."""
    parts = np.split(w, 3)
    return np.concatenate([parts[i] for i in GRU_GATES])


def _inner(layer: Any) -> str:
    return {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}.get(type(layer.forward_layer).__name__, "bidirectional")


@weight_rule("keras.layers.Bidirectional", kind=_inner, whole=True)
def _bidirectional(layer: Any) -> Slots:
    back = [slot.named(f"{slot.name}_reverse") for slot in slots_of(layer.backward_layer)]
    return [*slots_of(layer.forward_layer), *back]


@weight_rule("keras.layers.MultiHeadAttention", kind="attention", whole=True)
def _attention(layer: Any) -> Slots:
    parts = {"q": layer.query_dense, "k": layer.key_dense, "v": layer.value_dense, "out": layer.output_dense}
    return [slot.named(f"{name}.{slot.name}") for name, part in parts.items() for slot in slots_of(part)]


for _kind, _names in PLAIN.items():
    weight_rule(*(f"keras.layers.{_name}" for _name in _names), kind=_kind)(lambda layer: [])
