"""Weight decay: added to the gradient or taken from the weight, and its many factors."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import BELOW_ROUNDING, BETAS, LR, MOMENTUM, keras_steps, torch_steps

DECAY = 2.0**-3


def _inputs(rng):
    return {"w": rng.normal(2, 1, 4), "grads": rng.normal(0, 1, (10, 4))}


class OptSgdWd(Divergence):
    """SGD's weight decay goes through the momentum buffer in torch, and not in Keras.

    torch adds it to the gradient, which is L2 regularisation; Keras takes lr λ w from the weight, decoupled.  With a
    momentum of 0.9 torch decays ten times as fast.
    """

    name, apis = "OPT-SGD-WD", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("weight_decay", "coupled", "decoupled", "L2", "momentum")
    gap, units = 0.321, 8.1e6
    arguments = ("weight_decay",)
    source = "torch/optim/sgd.py, _single_tensor_sgd; keras/src/optimizers/base_optimizer.py, _apply_weight_decay"
    cure = "in Keras kernel_regularizer=keras.regularizers.L2(weight_decay / 2), which adds λw to the gradient"

    inputs = _inputs

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            momentum=MOMENTUM,
            weight_decay=DECAY,
        )

    def keras(w, grads):
        import keras

        return keras_steps(
            keras.optimizers.SGD(0.125, momentum=MOMENTUM, weight_decay=DECAY),
            w,
            grads,
        )

    def aligned_keras(w, grads):
        import keras

        w = keras.Variable(w, dtype=w.dtype.name)
        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        for grad in grads:
            optimizer.apply([grad + DECAY * w], [w])
        return w

    def recognise(a, b):
        return a.defaults["momentum"] != 0 and bool(a.defaults["weight_decay"] and b.weight_decay)

    def pair():
        import keras
        import torch

        return (
            torch.optim.SGD([torch.zeros(1)], momentum=0.9, weight_decay=1e-4),
            keras.optimizers.SGD(0.001, 0.9, weight_decay=1e-4),
        )

    def aligned_pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)], momentum=0.9, weight_decay=1e-4), keras.optimizers.SGD(0.001, 0.9)


class OptSgdWdPlain(Divergence):
    """Without momentum SGD's weight decay is the same in torch and Keras.

    Coupled and decoupled are one where nothing keeps the gradient: w ← w - lr (g + λw) in both.
    """

    name, apis = "OPT-SGD-WD-PLAIN", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("weight_decay", "coupled", "decoupled", "L2")
    gap, equal = 0, True
    source = "torch/optim/sgd.py, _single_tensor_sgd; keras/src/optimizers/base_optimizer.py, _apply_weight_decay"
    cure = "nothing to align"

    inputs = _inputs

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            weight_decay=DECAY,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, weight_decay=DECAY)
        return keras_steps(optimizer, w, grads)


class OptAdamWd(Divergence):
    """Adam's weight decay is added to the gradient in torch, and taken from the weight in Keras, which is AdamW.

    In torch it is then divided by √v like a gradient, so large weights decay no faster than small ones.  A number that
    was found for one is wrong for the other.
    """

    name, apis = "OPT-ADAM-WD", ("torch.optim.Adam", "torch.optim.AdamW", "keras.optimizers.Adam")
    words = ("weight_decay", "coupled", "decoupled", "AdamW", "L2", "Adam differs")
    gap, units = 0.0919, 1.8e6
    arguments = ("weight_decay",)
    source = "Loshchilov and Hutter 2019; keras/src/optimizers/base_optimizer.py, _apply_weight_decay"
    cure = "torch.optim.AdamW for Keras's Adam; for torch's Adam in Keras kernel_regularizer=L2(weight_decay / 2)"

    def inputs(rng):  # gradients so small that the decay is what is seen
        return {
            "w": rng.normal(0, 1, 50),
            "grads": rng.normal(0, 1e-3, (10, 50)),
        }

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adam,
            w,
            grads,
            lr=0.01,
            betas=BETAS,
            eps=BELOW_ROUNDING,
            weight_decay=0.1,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adam(
            0.01,
            *BETAS,
            epsilon=BELOW_ROUNDING,
            weight_decay=0.1,
        )
        return keras_steps(optimizer, w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.AdamW,
            w,
            grads,
            lr=0.01,
            betas=BETAS,
            eps=BELOW_ROUNDING,
            weight_decay=0.1,
        )

    def recognise(a, b):
        coupled = not a.defaults["decoupled_weight_decay"]
        return coupled and bool(a.defaults["weight_decay"] and b.weight_decay)

    def pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)], weight_decay=0.01), keras.optimizers.Adam(weight_decay=0.01)

    def aligned_pair():
        import keras
        import torch

        return torch.optim.AdamW([torch.zeros(1)], weight_decay=0.01), keras.optimizers.Adam(weight_decay=0.01)


class OptAdamwWd(Divergence):
    """AdamW's default decay is 0.01 in torch and 0.004 in Keras.

    Few optimizers decay without being asked; this one does.  Here the gradients are zero, so decay alone moves the
    weights.
    """

    name, apis = "OPT-ADAMW-WD", ("torch.optim.AdamW", "keras.optimizers.AdamW")
    words = ("weight_decay", "default weight decay", "0.004", "AdamW differs")
    gap, units = 0.00754, 1.5e5
    source = "torch.optim.AdamW, weight_decay; keras.optimizers.AdamW, weight_decay"
    cure = "keras.optimizers.AdamW(weight_decay=0.01)"

    def inputs(rng):
        return {**_inputs(rng), "grads": 0 * _inputs(rng)["grads"]}

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.AdamW, w, grads, lr=2.0**-3)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.AdamW(2.0**-3), w, grads)

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.AdamW(2.0**-3, weight_decay=0.01)
        return keras_steps(optimizer, w, grads)

    def recognise(a, b):
        return a.defaults["decoupled_weight_decay"] and abs(a.defaults["weight_decay"] - (b.weight_decay or 0)) > 1e-9

    def pair():
        import keras
        import torch

        return torch.optim.AdamW([torch.zeros(1)]), keras.optimizers.AdamW()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.AdamW([torch.zeros(1)]), keras.optimizers.AdamW(weight_decay=0.01)


class OptAdamw(Divergence):
    """AdamW decays alike in torch and Keras where the same decay is given.

    Both take lr λ w, in the paper's implementation; neither takes λw without the rate, as its text has it.  Only Adam's
    own epsilon is to be aligned (OPT-ADAM-EPS).
    """

    name, apis = "OPT-ADAMW", ("torch.optim.AdamW", "keras.optimizers.AdamW")
    words = ("weight_decay", "decoupled", "AdamW formula")
    gap, equal = 0, True
    source = "torch.optim.AdamW; keras/src/optimizers/adamw.py"
    cure = "nothing to align"

    inputs = _inputs

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.AdamW,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=BELOW_ROUNDING,
            weight_decay=DECAY,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.AdamW(
            LR,
            DECAY,
            *BETAS,
            epsilon=BELOW_ROUNDING,
        )
        return keras_steps(optimizer, w, grads)


class OptWdAdaptive(Divergence):
    """torch's RMSprop, Adagrad and their like add weight decay to the gradient; Keras's take it from the weight.

    RMSprop, Adagrad, Adadelta, Adamax and NAdam then divide it by √v in torch, as Adam does (OPT-ADAM-WD), and
    multiply it by the rate alone in Keras.  Here it is RMSprop's.
    """

    name = "OPT-WD-ADAPTIVE"
    apis = (
        "torch.optim.RMSprop", "torch.optim.Adagrad", "torch.optim.Adadelta", "torch.optim.Adamax", "torch.optim.NAdam",
        "keras.optimizers.RMSprop", "keras.optimizers.Adagrad", "keras.optimizers.Adadelta",
        "keras.optimizers.Adamax", "keras.optimizers.Nadam",
    )  # fmt: skip
    words = ("weight_decay", "coupled", "decoupled", "L2")
    gap, units = 0.0343, 7.2e5
    arguments = ("weight_decay",)
    source = "torch/optim/rmsprop.py, _single_tensor_rmsprop; keras/src/optimizers/base_optimizer.py"
    cure = "in Keras kernel_regularizer=keras.regularizers.L2(weight_decay / 2), which adds λw to the gradient"

    inputs = _inputs

    def torch(w, grads):
        import torch

        options = {"alpha": 0.875, "eps": BELOW_ROUNDING, "weight_decay": DECAY}
        return torch_steps(torch.optim.RMSprop, w, grads, lr=2.0**-4, **options)

    def keras(w, grads):
        import keras

        options = {
            "rho": 0.875,
            "epsilon": BELOW_ROUNDING,
            "weight_decay": DECAY,
        }
        optimizer = keras.optimizers.RMSprop(2.0**-4, **options)
        return keras_steps(optimizer, w, grads)

    def aligned_keras(w, grads):
        import keras

        w = keras.Variable(w, dtype=w.dtype.name)
        optimizer = keras.optimizers.RMSprop(
            2.0**-4,
            rho=0.875,
            epsilon=BELOW_ROUNDING,
        )
        for grad in grads:
            optimizer.apply([grad + DECAY * w], [w])
        return w

    def recognise(a, b):
        coupled = not a.defaults.get("decoupled_weight_decay")
        return coupled and bool(a.defaults["weight_decay"] and b.weight_decay)

    def pair():
        import keras
        import torch

        return torch.optim.RMSprop([torch.zeros(1)], weight_decay=0.01), keras.optimizers.RMSprop(weight_decay=0.01)

    def aligned_pair():
        import keras
        import torch

        return torch.optim.RMSprop([torch.zeros(1)], weight_decay=0.01), keras.optimizers.RMSprop()
