"""SGD: what its momentum buffer holds, and what moves it."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import (
    MOMENTUM,
    given,
    keras_steps,
    keras_steps_at_two_rates,
    torch_steps,
    torch_steps_at_two_rates,
)


class OptSgdLrchange(Divergence):
    """torch's momentum buffer holds gradients, Keras's holds gradients times the rate of their time.

    v ← μv + g, w ← w - lr v against v ← μv - lr g, w ← w + v.  At a constant rate they are equal.  When a schedule
    lowers the rate, Keras goes on with the old, larger steps for some 1/(1 - μ) updates.
    """

    name, apis = "OPT-SGD-LRCHANGE", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("momentum", "learning rate schedule", "learning rate change", "velocity", "warm-up", "Nesterov")
    gap, units = 0.71, 1.7e7
    arguments = ("momentum",)
    source = "torch.optim.SGD, Note on Sutskever et al.; keras/src/optimizers/sgd.py, update_step"
    cure = "at a change of rate multiply Keras's momenta by lr_new / lr_old"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps_at_two_rates(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            momentum=MOMENTUM,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        return keras_steps_at_two_rates(optimizer, w, grads)

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        return keras_steps_at_two_rates(optimizer, w, grads, rescale=True)


class OptZero(Divergence):
    """torch's zero_grad() sets gradients to None, and a parameter without a gradient does not move at all.

    With a gradient of zeros momentum and decay go on, as they do in Keras for a layer that did not take part.  Here one
    step with a gradient is followed by one without.
    """

    name, apis = "OPT-ZERO", ("torch.optim.Optimizer.zero_grad", "torch.optim.SGD", "keras.optimizers.SGD")
    words = ("zero_grad", "set_to_none", "momentum without gradient", "unused parameter", "gradient is None")
    gap, units = 0.875, 1.9e7
    source = "torch.optim.Optimizer.zero_grad, set_to_none"
    cure = "zero_grad(set_to_none=False) where zeros are wanted"

    inputs = given

    def torch(w, grads):
        import torch

        w = torch.nn.Parameter(w)
        optimizer = torch.optim.SGD([w], lr=0.125, momentum=MOMENTUM)
        w.grad = grads[0]
        optimizer.step()
        optimizer.zero_grad()
        optimizer.step()
        return w

    def keras(w, grads):
        import keras

        grads = [grads[0], keras.ops.zeros_like(grads[0])]
        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        return keras_steps(optimizer, w, grads)

    def aligned_torch(w, grads):
        import torch

        w = torch.nn.Parameter(w)
        optimizer = torch.optim.SGD([w], lr=0.125, momentum=MOMENTUM)
        w.grad = grads[0]
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()
        return w


class OptNesterov(Divergence):
    """Nesterov's momentum too goes on with the old rate in Keras after the rate has changed.

    The buffer holds gradients in torch, and gradients times the rate of their time in Keras, as without Nesterov
    (OPT-SGD-LRCHANGE).  At a constant rate they are equal (OPT-SGD-NESTEROV).
    """

    name, apis = "OPT-NESTEROV", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("nesterov", "learning rate schedule", "learning rate change", "velocity", "accelerated gradient")
    gap, units = 0.566, 1.2e7
    arguments = ("nesterov",)
    source = "torch/optim/sgd.py, _single_tensor_sgd; keras/src/optimizers/sgd.py, update_step"
    cure = "at a change of rate multiply Keras's momenta by lr_new / lr_old"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps_at_two_rates(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            momentum=MOMENTUM,
            nesterov=True,
        )

    def keras(w, grads):
        import keras

        return keras_steps_at_two_rates(
            keras.optimizers.SGD(0.125, momentum=MOMENTUM, nesterov=True),
            w,
            grads,
        )

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(
            0.125,
            momentum=MOMENTUM,
            nesterov=True,
        )
        return keras_steps_at_two_rates(optimizer, w, grads, rescale=True)


class OptSgdMom(Divergence):
    """SGD with momentum is the same in torch and Keras while the rate is constant.

    The formulas look different, since torch keeps the rate out of the buffer and Keras in it.  They part when the rate
    changes (OPT-SGD-LRCHANGE).
    """

    name, apis = "OPT-SGD-MOM", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("momentum formula", "velocity", "Sutskever", "heavy ball")
    gap, equal = 0, True
    source = "torch.optim.SGD, Note on Sutskever et al.; keras.optimizers.SGD, update rule"
    cure = "nothing to align"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.125, momentum=0.9)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.125, momentum=0.9), w, grads)


class OptSgdNesterov(Divergence):
    """Nesterov's momentum is the same in torch and Keras while the rate is constant.

    Both look ahead from the new buffer: w ← w - lr (g + μv).  torch's documentation says that its form differs from
    the paper's; Keras's differs in the same way.
    """

    name, apis = "OPT-SGD-NESTEROV", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("nesterov", "nesterov formula", "accelerated gradient", "look ahead")
    gap, equal = 0, True
    source = "torch.optim.SGD, Note on Sutskever et al.; keras.optimizers.SGD, nesterov"
    cure = "nothing to align"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            momentum=0.9,
            nesterov=True,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, momentum=0.9, nesterov=True)
        return keras_steps(optimizer, w, grads)


class OptDamp(Divergence):
    """torch can dampen what enters the momentum buffer; Keras cannot.

    v ← μv + (1 - dampening) g, but for the first gradient, which enters whole.  Dampening by μ, the running mean of
    textbooks, is therefore not a matter of the rate alone.
    """

    name, apis = "OPT-DAMP", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("dampening", "momentum", "exponential moving average", "first step")
    gap, units = 2.52, 6.3e7
    arguments = ("dampening",)
    source = "torch/optim/sgd.py, _single_tensor_sgd: the first buffer is a clone of the gradient"
    cure = "dampening=0 in torch; or, for Keras, gradients times 1 - dampening after the first"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            momentum=MOMENTUM,
            dampening=MOMENTUM,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        return keras_steps(optimizer, w, grads)

    def aligned_keras(w, grads):
        import keras

        dampened = keras.ops.concatenate(
            [grads[:1], grads[1:] * (1 - MOMENTUM)],
        )
        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        return keras_steps(optimizer, w, dampened)

    def recognise(a, b):
        return a.defaults["momentum"] != 0 and a.defaults["dampening"] != 0

    def pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)], momentum=0.9, dampening=0.9), keras.optimizers.SGD(0.001, 0.9)

    def aligned_pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)], momentum=0.9), keras.optimizers.SGD(0.001, 0.9)


class OptMom(Divergence):
    """Two SGDs with another momentum, or one of them with Nesterov's, take other steps.

    Both default to none, and 0.9 is common, so it is one option that was not carried over.  With 0.9 steps grow to
    ten times the length.
    """

    name, apis = "OPT-MOM", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("momentum", "nesterov", "forgotten momentum", "trains slower", "option")
    gap, units = 0.764, 1.9e7
    arguments = ("momentum", "nesterov")
    source = "torch.optim.SGD, momentum; keras.optimizers.SGD, momentum"
    cure = "the same momentum and nesterov in both"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            momentum=MOMENTUM,
        )

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.125), w, grads)

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        return keras_steps(optimizer, w, grads)

    def recognise(a, b):
        return abs(a.defaults["momentum"] - b.momentum) > 1e-6 or bool(a.defaults["nesterov"]) != bool(b.nesterov)

    def pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)], momentum=0.9), keras.optimizers.SGD()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)], momentum=0.9), keras.optimizers.SGD(momentum=0.9)
