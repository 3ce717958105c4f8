"""Gradients at special points: kinks, ties and zeros."""

from parity.divergences.entry import Divergence


def _torch_grad(f, *values):
    """The derivative of f there by its last argument, in torch."""
    import torch

    x = [torch.tensor(value) for value in values]
    x[-1].requires_grad_()
    return torch.autograd.grad(f(*x).sum(), x[-1])[0]


def _tf_grad(f, *values):
    """The slope of f by its last argument; "None" where there is none."""
    import tensorflow as tf

    x = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(x[-1])
        y = f(*x)
    grad = tape.gradient(y, x[-1])
    return "None" if grad is None else grad


class GradHtanh(Divergence):
    """The slope of hardtanh at its ends is 0 in torch; that of a clip is 1, in torch and TensorFlow.

    torch's own clamp has the other slope too.
    """

    name, apis = "GRAD-HTANH", ("torch.nn.Hardtanh", "torch.clamp", "tf.clip_by_value", "keras.ops.clip")
    words = ("hardtanh", "clip gradient", "slope at the bound")
    gap, units = 1.41, 4.1e7
    source = "aten/src/ATen/native/cpu/Activation.cpp, hardtanh_backward; tf.clip_by_value"
    cure = "x.clamp(-1, 1)"

    def torch():
        import torch

        return _torch_grad(torch.nn.functional.hardtanh, [-1.0, 0.0, 1.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(
            lambda x: tf.clip_by_value(x, -1.0, 1.0),
            [-1.0, 0.0, 1.0],
        )

    def aligned_torch():

        return _torch_grad(lambda x: x.clamp(-1, 1), [-1.0, 0.0, 1.0])


class GradSelu0(Divergence):
    """The slope of SELU at zero is 1.758 in torch and 1.051 in TensorFlow.

    It is the slope from the left in the one and from the right in the other.  Where an input is exactly zero, after
    a padding for instance, gradients differ by two thirds.
    """

    name, apis = "GRAD-SELU0", ("torch.nn.SELU", "tf.nn.selu", "keras.activations.selu")
    words = ("selu", "slope at zero", "padding")
    gap, units = 0.402, 1.2e7
    source = (
        "tensorflow/core/kernels/relu_op_functor.h, SeluGrad; aten/src/ATen/native/cpu/Activation.cpp, elu_backward"
    )
    cure = "1.0507 * torch.where(x >= 0, x, 1.67326 * torch.expm1(x))"

    def torch():
        import torch

        return _torch_grad(torch.nn.functional.selu, [0.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.nn.selu, [0.0])

    def aligned_torch():
        import torch

        alpha, scale = 1.6732632423543772, 1.0507009873554805
        return _torch_grad(
            lambda x: scale * torch.where(x >= 0, x, alpha * torch.expm1(x)),
            [0.0],
        )


class GradMax2(Divergence):
    """At a tie maximum(x, y) sends half of the gradient to each in torch, and all of it to x in TensorFlow.

    relu written as maximum(x, 0) has so another slope at zero than relu.
    """

    name, apis = "GRAD-MAX2", ("torch.maximum", "tf.maximum", "keras.ops.maximum")
    words = ("maximum", "tie", "relu by hand", "half gradient")
    gap, units = 0.447, 1.3e7
    source = "torch.maximum; tensorflow/python/ops/math_grad.py, _MaximumMinimumGrad"
    cure = "torch.where(x >= 1, x, 1)"

    def torch():
        import torch

        return _torch_grad(
            lambda x: torch.maximum(x, torch.tensor(1.0)),
            [1.0, 2.0],
        )

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.maximum(x, 1.0), [1.0, 2.0])

    def aligned_torch():
        import torch

        return _torch_grad(lambda x: torch.where(x >= 1, x, 1), [1.0, 2.0])


class GradMaxred(Divergence):
    """torch's max(dim) sends the gradient to one of several maxima; reduce_max shares it.

    torch's amax() and its max() of everything share it too.  Global max pooling by hand meets it, where a ReLU left
    zeros.
    """

    name, apis = "GRAD-MAXRED", ("torch.max", "torch.amax", "tf.reduce_max", "keras.ops.max")
    words = ("max gradient", "tie", "amax", "evenly distributed")
    gap, units = 0.707, 2.1e7
    source = "torch.amax, Note; tensorflow/python/ops/math_grad.py, _MinOrMaxGrad"
    cure = "x.amax(dim)"

    def torch():

        return _torch_grad(lambda x: x.max(dim=0).values, [3.0, 3.0, 1.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.reduce_max(x, axis=0), [3.0, 3.0, 1.0])

    def aligned_torch():

        return _torch_grad(lambda x: x.amax(dim=0), [3.0, 3.0, 1.0])


class GradCumprod(Divergence):
    """TensorFlow's gradient of a cumulative product is wrong where a factor is zero.

    It divides the products by their factors, and takes 0/0 for 0: (1, 0, 0) for the factors (1, 0, 3), where (1, 4,
    0) is right.  A bug of TensorFlow, reported as #119430 and repaired after 2.21 by #120282.
    """

    name, apis = "GRAD-CUMPROD", ("torch.cumprod", "tf.math.cumprod", "keras.ops.cumprod")
    words = ("cumprod", "wrong gradient", "transmittance", "NeRF", "alpha compositing", "zero factor")
    gap, units = 0.97, 2.8e7
    source = "tensorflow/python/ops/math_grad.py, _CumprodGrad; tensorflow#119430"
    cure = "tf.stack([tf.reduce_prod(x[: i + 1]) for i in range(n)]), or a sum of logarithms of what is positive"
    script = """
        import tensorflow as tf

        x = tf.constant([1.0, 0.0, 3.0])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.math.cumprod(x)
        found = tape.gradient(y, x).numpy().tolist()
        assert found == [1, 4, 0], f"{found} is not [1, 4, 0]"
    """

    def torch():
        return _torch_grad(lambda x: x.cumprod(0), [1.0, 0.0, 3.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.math.cumprod, [1.0, 0.0, 3.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(
            lambda x: tf.stack([tf.reduce_prod(x[: i + 1]) for i in range(3)]),
            [1.0, 0.0, 3.0],
        )


class GradRound(Divergence):
    """The gradient of round is 0 in torch and None in TensorFlow.

    An optimizer skips a weight whose gradient is None, and with weight decay shrinks one whose gradient is 0.
    """

    name, apis = "GRAD-ROUND", ("torch.round", "tf.round", "keras.ops.round")
    words = ("gradient is None", "quantisation", "straight-through estimator", "No gradients provided")
    gap = float("inf")
    gives = {"torch": "float32 [0, 0]", "tf": "None"}
    source = "tensorflow/python/ops/math_grad.py, _RoundGrad; torch/derivatives.yaml, round"
    cure = 'tape.gradient(y, x, unconnected_gradients="zero")'

    def torch():
        import torch

        return _torch_grad(torch.round, [0.3, 1.7])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.round, [0.3, 1.7])

    def aligned_tf():
        import tensorflow as tf

        x = tf.constant([0.3, 1.7])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.round(x)
        return tape.gradient(y, x, unconnected_gradients="zero")


class GradNormalize0(Divergence):
    """The gradient of a normalised zero vector is 1e12 in torch and 1e6 in TensorFlow.

    It is one over the smallest length that is let through (L2NORM-EPS).  Either makes the next step a jump.
    """

    name, apis = "GRAD-NORMALIZE0", ("torch.nn.functional.normalize", "tf.nn.l2_normalize", "keras.ops.normalize")
    words = ("normalize", "exploding gradient", "zero vector", "epsilon")
    gap, units = 1, 2.9e7
    source = "torch.nn.functional.normalize, eps; tf.nn.l2_normalize, epsilon"
    cure = "tf.nn.l2_normalize(x, epsilon=1e-24); better: no zero vectors"

    def torch():
        import torch

        return _torch_grad(
            lambda x: torch.nn.functional.normalize(x, dim=0),
            [0.0, 0.0],
        )

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.nn.l2_normalize, [0.0, 0.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(
            lambda x: tf.nn.l2_normalize(x, epsilon=1e-24),
            [0.0, 0.0],
        )
