"""What happens to gradients before the step: clipping, accumulation, and none at all."""

import numpy as np

from parity.divergences.entry import Divergence

NORM = 1.0


def _inputs(rng):
    return {"first": np.array([3.0, 4.0]), "second": np.array([0.3, 0.4])}


def _torch_clipped(first, second, **options):
    """What a clipped step of rate 1 takes from two weights, as a vector."""
    import torch

    grads = first, second
    weights = [torch.nn.Parameter(torch.zeros_like(grad)) for grad in grads]
    for w, grad in zip(weights, (first, second)):
        w.grad = grad.clone()
    torch.nn.utils.clip_grad_norm_(weights, NORM, **options)
    torch.optim.SGD(weights, lr=1.0).step()
    return -torch.cat(weights)


def _keras_clipped(first, second, **options):
    """The same with an optimizer that clips."""
    import keras

    weights = [
        keras.Variable(keras.ops.zeros_like(grad), dtype=grad.dtype.name)
        for grad in (first, second)
    ]  # fmt: skip
    keras.optimizers.SGD(1.0, **options).apply([first, second], weights)
    return -keras.ops.concatenate(weights)


class OptClipScope(Divergence):
    """Keras's clipnorm clips each variable by its own norm; torch's clip_grad_norm_ clips all by their common norm.

    clipnorm changes the direction of the step, since small gradients keep their size and large ones do not.
    """

    name = "OPT-CLIP-SCOPE"
    apis = ("torch.nn.utils.clip_grad_norm_", "keras.optimizers.Optimizer", "keras.optimizers.SGD")
    words = ("clipnorm", "global_clipnorm", "gradient clipping", "clip by norm", "per variable")
    gap, units = 0.401, 9.4e6
    arguments = ("clipnorm", "clip_grad_norm_")
    source = "keras/src/optimizers/base_optimizer.py, _clip_gradients; torch.nn.utils.clip_grad_norm_"
    cure = "global_clipnorm in Keras"

    inputs = _inputs

    def torch(first, second):
        return _torch_clipped(first, second)

    def keras(first, second):
        return _keras_clipped(first, second, clipnorm=NORM)

    def aligned_keras(first, second):
        return _keras_clipped(first, second, global_clipnorm=NORM)

    def recognise(a, b):
        return b.clipnorm is not None

    def pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)]), keras.optimizers.SGD(clipnorm=1.0)

    def aligned_pair():
        import keras
        import torch

        return torch.optim.SGD([torch.zeros(1)]), keras.optimizers.SGD(global_clipnorm=1.0)


class OptClipEps(Divergence):
    """torch clips to a little less than the norm: it divides by the norm plus 1e-6.

    c/(‖g‖ + 1e-6) against c/‖g‖.  It is below rounding for norms of ordinary size in float32, and the largest error
    that is left in a float64 comparison.
    """

    name, apis = "OPT-CLIP-EPS", ("torch.nn.utils.clip_grad_norm_", "keras.optimizers.Optimizer", "tf.clip_by_norm")
    words = ("gradient clipping", "1e-6", "global_clipnorm", "differs by 1e-7")
    dtype, gap, units = "float64", 1.99e-7, 2.5e9
    arguments = ("clipnorm", "global_clipnorm", "clip_grad_norm_", "clip_by_norm")
    source = "torch/nn/utils/clip_grad.py, _clip_grads_with_norm_"
    cure = "multiply by max_norm / norm in torch, with norm = torch.nn.utils.get_total_norm(grads)"

    inputs = _inputs

    def torch(first, second):
        return _torch_clipped(first, second)

    def keras(first, second):
        return _keras_clipped(first, second, global_clipnorm=NORM)

    def aligned_torch(first, second):
        import torch

        norm = torch.nn.utils.get_total_norm([first, second])
        return torch.cat([first, second]) * torch.clamp(NORM / norm, max=1.0)


class OptClipInf(Divergence):
    """An infinite gradient clips the others to zero in torch, and to NaN in Keras.

    The norm is infinite.  torch multiplies by c/∞ = 0, which leaves zeros and one NaN; Keras makes everything NaN on
    purpose, so that it is seen.  Neither raises.
    """

    name, apis = "OPT-CLIP-INF", ("torch.nn.utils.clip_grad_norm_", "keras.optimizers.Optimizer")
    words = ("inf gradient", "nan", "gradient clipping", "error_if_nonfinite", "exploding gradient")
    gap = float("inf")
    arguments = ("clipnorm", "global_clipnorm", "clip_grad_norm_")
    gives = {"torch": "float32 [nan, 0, 0, 0]", "keras": "float32 [nan, nan, nan, nan]"}
    source = "torch.nn.utils.clip_grad_norm_, error_if_nonfinite; tf.clip_by_global_norm"
    cure = "error_if_nonfinite=True in torch; in both look at the norm, and leave such a step out"

    def inputs(rng):
        return {
            "first": np.array([np.inf, 1.0]),
            "second": np.array([0.3, 0.4]),
        }

    def torch(first, second):
        return _torch_clipped(first, second)

    def keras(first, second):
        return _keras_clipped(first, second, global_clipnorm=NORM)

    def aligned_torch(first, second):
        import torch

        norm = torch.nn.utils.get_total_norm([first, second])
        finite = torch.isfinite(norm)
        return _torch_clipped(first, second) if finite else torch.zeros(4)

    def aligned_keras(first, second):
        import tensorflow as tf

        norm = tf.linalg.global_norm([first, second])
        if not tf.math.is_finite(norm):
            return tf.zeros(4)
        return _keras_clipped(first, second, global_clipnorm=NORM)


class OptClipValue(Divergence):
    """Clipping by value is the same in torch and Keras.

    clip_grad_value_ and clipvalue both take each element for itself, to ±c.
    """

    name, apis = "OPT-CLIP-VALUE", ("torch.nn.utils.clip_grad_value_", "keras.optimizers.Optimizer")
    words = ("clipvalue", "gradient clipping", "clip by value")
    gap, equal = 0, True
    source = "torch.nn.utils.clip_grad_value_; keras.optimizers.Optimizer, clipvalue"
    cure = "nothing to align"

    inputs = _inputs

    def torch(first, second):
        import torch

        w = torch.nn.Parameter(torch.zeros(4))
        w.grad = torch.cat([first, second])
        torch.nn.utils.clip_grad_value_(w, NORM)
        torch.optim.SGD([w], lr=1.0).step()
        return -w

    def keras(first, second):
        return _keras_clipped(first, second, clipvalue=NORM)


class OptAccum(Divergence):
    """Gradients accumulated by repeated backward() are summed; Keras's gradient_accumulation_steps averages them.

    So torch's step is as many times as long, unless each loss is divided, which most tutorials do.
    """

    name, apis = "OPT-ACCUM", ("torch.Tensor.backward", "torch.optim.SGD", "keras.optimizers.Optimizer")
    words = ("gradient accumulation", "gradient_accumulation_steps", "effective batch size", "sum or mean")
    gap, units = 0.5, 1.1e7
    arguments = ("gradient_accumulation_steps",)
    source = "keras.optimizers.Optimizer, gradient_accumulation_steps; torch, Automatic differentiation: .grad"
    cure = "(loss / steps).backward()"

    inputs = _inputs

    def torch(first, second):
        import torch

        w = torch.nn.Parameter(torch.zeros(2))
        for grad in (first, second):
            (w * grad).sum().backward()
        torch.optim.SGD([w], lr=1.0).step()
        return w

    def keras(first, second):
        import keras

        w = keras.Variable(keras.ops.zeros(2))
        optimizer = keras.optimizers.SGD(1.0, gradient_accumulation_steps=2)
        for grad in (first, second):
            optimizer.apply([grad], [w])
        return w

    def aligned_torch(first, second):
        import torch

        w = torch.nn.Parameter(torch.zeros(2))
        for grad in (first, second):
            ((w * grad).sum() / 2).backward()
        torch.optim.SGD([w], lr=1.0).step()
        return w


class OptNone(Divergence):
    """A step without any gradient does nothing in torch and is an error in Keras.

    A loss that was detached, or a backward() that was forgotten, is silent in torch: the weights stay.
    """

    name, apis = "OPT-NONE", ("torch.optim.SGD", "keras.optimizers.Optimizer.apply")
    words = ("No gradients provided for any variable", "gradient is None", "weights do not change", "detach")
    gap = float("inf")
    gives = {"torch": "float32 [3, 4]"}
    raises = {"keras": ("ValueError", "No gradients provided for any variable")}
    source = "torch/optim/sgd.py, _init_group; keras/src/optimizers/base_optimizer.py, _filter_empty_gradients"
    cure = "in torch assert that gradients are there; in Keras give zeros where nothing shall move"

    inputs = _inputs

    def torch(first):
        import torch

        w = torch.nn.Parameter(first)
        torch.optim.SGD([w], lr=1.0).step()
        return w

    def keras(first):
        import keras

        w = keras.Variable(first)
        keras.optimizers.SGD(1.0).apply([None], [w])
        return w

    def aligned_keras(first):
        import keras

        w = keras.Variable(first)
        keras.optimizers.SGD(1.0).apply([keras.ops.zeros_like(w)], [w])
        return w
