"""Transfer learning: a frozen ResNet-18 in evaluation mode, a new head for five classes, one step."""

import numpy as np

from parity.faults import configured, given, rounded_to_tf32, without, wrong
from parity.task import Claim, Rows, Shape, Stage, Table, Task

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
    lesson="Freeze the trunk, keep it in evaluation mode, and replace the head for a thousand classes by one for five: "
    "after a step only the new head has gradients, and only it has moved.  The trunk's statistics stay as they are.",
    make=make,
    stages={
        "forward": Stage(outputs=("logits", "loss"), timed=True),
        "step": Stage(outputs=("loss", *GRADIENTS, *HEAD), timed=True, derivative_of={"forward/loss": ""}),
        # The classes of fc as it was built, and of the one in its place; then, each for fc, the trunk's weights and its
        # statistics: the tensors, those with a gradient, those that moved.
        "moved": Stage(outputs=("built", "classes", "tensors", "gradients", "moved")),
    },
    sizes={
        "tiny": {"n": 2, "hw": 34, "width": 4, "classes": 5},
        "base": {"n": 4, "hw": 64, "width": 64, "classes": 5},
        "large": {"n": 16, "hw": 128, "width": 64, "classes": 5},
    },
    config={"lr": 0.125},
    limits={"lr": (2.0**-30, 1)},
    timing={"lr": 2.0**-30},
    layout={
        "conv1.weight": "oihw",
        "conv2.weight": "oihw",
        "downsample.0.weight": "oihw",
        "fc.weight": "oi",
        "x": "nchw",
    },
    known={
        Shape("x"): (4, 3, 64, 64),
        Shape("forward/logits"): (4, 5),
        "moved/built": 1000,
        "moved/classes": 5,
        "moved/tensors": (2, 60, 40),
        "moved/gradients": (2, 0, 0),
        "moved/moved": (2, 0, 0),
    },
    claims={
        "the head that was built for 1,000 classes is for five": Claim(
            holds=lambda out: (
                [int(out["moved/built"]), int(out["moved/classes"]), out["forward/logits"].shape[1]] == [1000, 5, 5]
            ),
            broken_by="the old head",
        ),
        "only fc has gradients": Claim(
            holds=lambda out: out["moved/gradients"].tolist() == [2, 0, 0], broken_by="the trunk not frozen"
        ),
        "only fc moved, exactly": Claim(
            holds=lambda out: out["moved/moved"][:2].tolist() == [2, 0], broken_by="the trunk moved"
        ),
        "the trunk's statistics stay as they are": Claim(
            holds=lambda out: out["moved/moved"][2] == 0, broken_by="the trunk in train mode"
        ),
    },
    shows=(
        Rows(
            ("", "value"),
            {
                "classes of fc as it is built": ("moved/built",),
                "classes of fc in its place": ("moved/classes",),
                "shape of the logits": (Shape("forward/logits"),),
                "loss before the step": ("forward/loss",),
            },
        ),
        Table(
            "tensors of",
            {"in all": "moved/tensors", "with a gradient": "moved/gradients", "moved by the step": "moved/moved"},
            labels=("fc", "the trunk, weights", "the trunk, statistics"),
        ),
    ),
    checkpoint="resnet18",
    aligns=("CE-LOGITS", "CONV-SAME-S2", "CONV-LAYOUT", "POOL-SAME", "POOL-GAP", "BN-EPS", "BN-FREEZE", "AG-FROZEN"),
    faults={
        "inputs in TF32": rounded_to_tf32(),
        "kernel's height and width exchanged": given("layer2.0.conv1.weight", lambda w: w.transpose(0, 1, 3, 2)),
        "one statistic of the trunk": given("layer4.1.bn2.running_var", lambda var: var * 1.01),
        "another rate": configured(lr=0.1),
        "no bias gradient": without("step/grad.fc.bias"),
        "the old head": wrong("moved/classes", lambda classes: classes + 995),
        "the trunk not frozen": wrong("moved/gradients", lambda counts: counts + np.array([0, 60, 0])),
        "the trunk moved": wrong("moved/moved", lambda counts: counts + np.array([0, 60, 0])),
        "the trunk in train mode": wrong("moved/moved", lambda counts: counts + np.array([0, 0, 40])),
    },
)
