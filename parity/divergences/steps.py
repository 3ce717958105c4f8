"""Ten steps of an optimizer: one weight that starts at zero, and given gradients."""

import numpy as np

LR, MOMENTUM, BETAS = 2.0**-10, 0.875, (0.875, 1 - 2.0**-10)  # held exactly by float32
BELOW_ROUNDING = 2.0**-100


def given(rng, scale=1.0):
    return {"w": np.zeros(4), "grads": scale * rng.normal(0.5, 1, (10, 4))}


def torch_steps(optimizer, w, grads, **options):
    """Where ten steps of a torch optimizer take the weight."""
    import torch

    w = torch.nn.Parameter(w)
    optimizer = optimizer([w], **options)
    for grad in grads:
        w.grad = grad
        optimizer.step()
    return w


def keras_steps(optimizer, w, grads):
    """Where ten steps of a Keras optimizer take the weight."""
    import keras

    w = keras.Variable(w, dtype=w.dtype.name)
    for grad in grads:
        optimizer.apply([grad], [w])
    return w


def torch_steps_at_two_rates(optimizer, w, grads, **options):
    """The same, with an eighth of the rate from the sixth step on."""
    import torch

    w = torch.nn.Parameter(w)
    optimizer = optimizer([w], **options)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5, gamma=0.125)
    for grad in grads:
        w.grad = grad
        optimizer.step()
        scheduler.step()
    return w


def keras_steps_at_two_rates(optimizer, w, grads, rescale=False):
    """The same; with `rescale` the momentum buffers follow the rate."""
    import keras

    w = keras.Variable(w, dtype=w.dtype.name)
    for step, grad in enumerate(grads):
        if step == 5:
            optimizer.learning_rate = optimizer.learning_rate * 0.125
            for buffer in optimizer.variables:
                if rescale and "momentum" in buffer.path:
                    buffer.assign(buffer * 0.125)
        optimizer.apply([grad], [w])
    return w
