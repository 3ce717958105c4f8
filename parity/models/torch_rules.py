"""The weights of torch's layers, whose names and layout are everybody's here."""

from typing import Any

import numpy as np

from parity.models.weights import Slot, Slots, weight_rule

CONVOLUTIONS = ("torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.Conv3d")
TRANSPOSED = ("torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d", "torch.nn.ConvTranspose3d")
BATCH_NORMS = ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d", "torch.nn.SyncBatchNorm")
INSTANCE_NORMS = ("torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d")
# Layers without weights: what they are, for the pairing and for the catalogue.
PLAIN = {
    "activation": (
        "ReLU", "ReLU6", "GELU", "SiLU", "ELU", "SELU", "CELU", "Mish", "Sigmoid", "Tanh", "LeakyReLU", "Softmax",
        "LogSoftmax", "Softplus", "Softsign", "Hardsigmoid", "Hardswish", "Hardtanh", "LogSigmoid", "Tanhshrink",
    ),
    "max_pool": ("MaxPool1d", "MaxPool2d", "MaxPool3d"),
    "average_pool": ("AvgPool1d", "AvgPool2d", "AvgPool3d"),
    "global_average_pool": ("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"),
    "global_max_pool": ("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"),
    "dropout": ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"),
    "flatten": ("Flatten", "Unflatten"),
    "resize": ("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"),
    "pad": ("ZeroPad1d", "ZeroPad2d", "ZeroPad3d"),
}  # fmt: skip


def _own(layer: Any, *names: str) -> Slots:
    return [Slot.of(name, getattr(layer, name)) for name in names if getattr(layer, name, None) is not None]


@weight_rule("torch.nn.Linear", kind="linear")
@weight_rule("torch.nn.Embedding", kind="embedding")
@weight_rule(*CONVOLUTIONS, kind="convolution")
@weight_rule(*TRANSPOSED, kind="transposed_convolution")
@weight_rule("torch.nn.LayerNorm", kind="layer_norm")
@weight_rule("torch.nn.GroupNorm", *INSTANCE_NORMS, kind="group_norm")
@weight_rule("torch.nn.RMSNorm", kind="rms_norm")
@weight_rule(*BATCH_NORMS, kind="batch_norm")
def _named(layer: Any) -> Slots:
    return _own(layer, "weight", "bias", "running_mean", "running_var")


@weight_rule("torch.nn.PReLU", kind="prelu")
def _slope(layer: Any) -> Slots:
    return [Slot.of("slope", layer.weight)]


@weight_rule("torch.nn.LSTM", kind="lstm", whole=True)
@weight_rule("torch.nn.RNN", kind="rnn", whole=True)
@weight_rule("torch.nn.GRU", kind="gru", whole=True)
def _recurrent(layer: Any) -> Slots:
    """`weight_ih_l0` and so on.  Two biases that are only ever added are one slot; the GRU's are two."""
    slots: Slots = []
    for end in (f"l{i}{way}" for i in range(layer.num_layers) for way in ("", "_reverse")[: 1 + layer.bidirectional]):
        slots += _own(layer, f"weight_ih_{end}", f"weight_hh_{end}")
        if layer.bias and layer.mode == "GRU":
            slots += _own(layer, f"bias_ih_{end}", f"bias_hh_{end}")
        elif layer.bias:
            both = getattr(layer, f"bias_ih_{end}"), getattr(layer, f"bias_hh_{end}")
            slots.append(_summed(f"bias_{end}", both))
    return slots


@weight_rule("torch.nn.LSTMCell", kind="lstm_cell", whole=True)
@weight_rule("torch.nn.RNNCell", kind="rnn_cell", whole=True)
def _cell(layer: Any) -> Slots:
    slots = [slot.named(f"{slot.name}_l0") for slot in _own(layer, "weight_ih", "weight_hh")]
    return [*slots, _summed("bias_l0", (layer.bias_ih, layer.bias_hh))] if layer.bias else slots


@weight_rule("torch.nn.GRUCell", kind="gru_cell", whole=True)
def _gru_cell(layer: Any) -> Slots:
    return [slot.named(f"{slot.name}_l0") for slot in _own(layer, "weight_ih", "weight_hh", "bias_ih", "bias_hh")]


@weight_rule("torch.nn.MultiheadAttention", kind="attention", whole=True)
def _attention(layer: Any) -> Slots:
    slots: Slots = []
    for i, name in enumerate("qkv"):
        if layer.in_proj_weight is not None:
            slots.append(Slot.of("", layer.in_proj_weight).rows(f"{name}.weight", i, 3))
        else:
            slots.append(Slot.of(f"{name}.weight", getattr(layer, f"{name}_proj_weight")))
        if layer.in_proj_bias is not None:
            slots.append(Slot.of("", layer.in_proj_bias).rows(f"{name}.bias", i, 3))
    return [*slots, *(slot.named(f"out.{slot.name}") for slot in _own(layer.out_proj, "weight", "bias"))]


def _summed(name: str, biases: tuple[Any, Any]) -> Slot:
    """Their sum is the layer's bias, and the gradient of each is the bias's own."""
    return Slot(name, biases, lambda a, b: a + b, lambda w, a, b: (w, np.zeros_like(b)), lambda a, b: a)


for _kind, _names in PLAIN.items():
    weight_rule(*(f"torch.nn.{_name}" for _name in _names), kind=_kind)(lambda layer: [])
