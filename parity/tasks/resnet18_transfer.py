"""Transfer learning: a frozen ResNet-18 in evaluation mode, a new head for five classes, one step."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, without, wrong
from parity.task import Stage, Task

BLOCKS = tuple((layer, block) for layer in (1, 2, 3, 4) for block in (0, 1))


def make(rng, n, hw, width, classes):
    params = {}

    def conv(name, o, c, k):
        params[f"{name}.weight"] = rng.normal(0, np.sqrt(2 / (c * k * k)), (o, c, k, k))

    def norm(name, channels):
        params[f"{name}.weight"] = rng.uniform(0.5, 1, channels)
        params[f"{name}.bias"] = rng.normal(0, 0.1, channels)
        params[f"{name}.running_mean"] = rng.normal(0, 0.1, channels)
        params[f"{name}.running_var"] = rng.uniform(0.5, 2, channels)
        params[f"{name}.num_batches_tracked"] = np.array(0)

    conv("conv1", width, 3, 7)
    norm("bn1", width)
    c = width
    for layer, block in BLOCKS:
        o, name = width * 2 ** (layer - 1), f"layer{layer}.{block}"
        conv(f"{name}.conv1", o, c, 3)
        norm(f"{name}.bn1", o)
        conv(f"{name}.conv2", o, o, 3)
        norm(f"{name}.bn2", o)
        if c != o:  # the shortcut of the first block of a layer
            conv(f"{name}.downsample.0", o, c, 1)
            norm(f"{name}.downsample.1", o)
        c = o
    params["fc.weight"] = rng.normal(0, c**-0.5, (classes, c))
    params["fc.bias"] = rng.normal(0, 0.1, classes)
    return params, {"x": rng.normal(size=(n, 3, hw, hw)), "labels": rng.integers(classes, size=n)}


HEAD = ("fc.weight", "fc.bias")
GRADIENTS = ("grad.fc.weight", "grad.fc.bias")

TASK = Task(
    name="resnet18_transfer",
    topic="9 CNN, RNN, attention, transfer learning",
    title="Transfer learning with ResNet-18",
    lesson="Freeze the trunk, keep it in evaluation mode, replace the head: only it has gradients, only it moves.",
    make=make,
    stages={
        "forward": Stage(outputs=("logits", "loss"), timed=True),
        "step": Stage(outputs=("loss", *GRADIENTS, *HEAD), timed=True, derivative_of={"forward/loss": ""}),
        "moved": Stage(outputs=("with_gradient", "head", "statistics", "trunk")),  # how many tensors of each moved
    },
    sizes={
        "tiny": {"n": 2, "hw": 32, "width": 4, "classes": 5},
        "base": {"n": 4, "hw": 64, "width": 64, "classes": 5},
        "large": {"n": 16, "hw": 128, "width": 64, "classes": 5},
    },
    config={"lr": 0.125},
    timing={"lr": 2.0**-30},
    layout={
        "conv1.weight": "oihw",
        "conv2.weight": "oihw",
        "downsample.0.weight": "oihw",
        "fc.weight": "oi",
        "x": "nchw",
    },
    known={"moved/with_gradient": 2, "moved/head": 2, "moved/statistics": 0, "moved/trunk": 0},
    checkpoint="resnet18",
    aligns=("CE-LOGITS", "CONV-SAME-S2", "CONV-LAYOUT", "POOL-SAME", "POOL-GAP", "BN-EPS", "BN-FREEZE"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "kernel's height and width exchanged": given("layer2.0.conv1.weight", lambda w: w.transpose(0, 1, 3, 2)),
        "one statistic of the trunk": given("layer4.1.bn2.running_var", lambda var: var * 1.01),
        "another rate": configured(lr=0.1),
        "no bias gradient": without("step/grad.fc.bias"),
        "the trunk moved": wrong("moved/trunk", lambda count: count + 60),
    },
)
