"""Gradients that are NaN in one framework and a number in the other."""

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


class GradReluNan(Divergence):
    """The slope of relu at NaN is 1 in torch and 0 in TensorFlow.

    relu itself returns NaN in both.  So a NaN spreads backwards with the gradient in the one, and is cut off in the
    other.
    """

    name, apis = "GRAD-RELU-NAN", ("torch.relu", "tf.nn.relu")
    words = ("relu", "nan gradient", "nan spreads")
    gap, units = 0.707, 2.1e7
    source = "tensorflow/core/kernels/relu_op_functor.h, ReluGrad: gradients where features > 0"
    cure = "look for NaN in the forward pass"
    unaligned = "NaN has no slope"

    def torch():
        import torch

        return _torch_grad(torch.relu, [float("nan"), 1.0, -1.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.nn.relu, [float("nan"), 1.0, -1.0])


class GradNorm0(Divergence):
    """The gradient of a norm at zero is 0 in torch and NaN in TensorFlow.

    A difference of two equal embeddings, as in a triplet loss, turns every weight into NaN with the next step.
    """

    name, apis = "GRAD-NORM0", ("torch.linalg.vector_norm", "torch.linalg.norm", "tf.norm", "keras.ops.norm")
    words = ("nan gradient", "norm of zero", "triplet loss", "distance")
    gap = float("inf")
    gives = {"torch": "float32 [0, 0]", "tf": "float32 [nan, nan]"}
    source = "torch/csrc/autograd/FunctionsManual.cpp, norm_backward; tf.norm"
    cure = "tf.sqrt(tf.reduce_sum(x**2) + 1e-12)"

    def torch():
        import torch

        return _torch_grad(torch.linalg.vector_norm, [0.0, 0.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.norm, [0.0, 0.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(
            lambda x: tf.sqrt(tf.reduce_sum(x**2) + 1e-12),
            [0.0, 0.0],
        )


class GradStd0(Divergence):
    """The gradient of a standard deviation of equal values is 0 in torch and NaN in TensorFlow.

    A constant feature in a normalisation by hand meets it.  The root's slope is infinite there, and 0 · inf is NaN.
    """

    name, apis = "GRAD-STD0", ("torch.std", "tf.math.reduce_std", "keras.ops.std")
    words = ("nan gradient", "constant feature", "standard deviation of zero")
    gap = float("inf")
    gives = {"torch": "float32 [0, 0, 0]", "tf": "float32 [nan, nan, nan]"}
    source = "torch/csrc/autograd/FunctionsManual.cpp, std_backward; tf.math.reduce_std"
    cure = "tf.sqrt(tf.math.reduce_variance(x) + 1e-12)"

    def torch():

        return _torch_grad(lambda x: x.std(correction=0), [1.0, 1.0, 1.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.math.reduce_std, [1.0, 1.0, 1.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(
            lambda x: tf.sqrt(tf.math.reduce_variance(x) + 1e-12),
            [1.0, 1.0, 1.0],
        )


class GradWhere(Divergence):
    """where(x > 0, √x, 0) has a NaN gradient at zero in torch, and 0 in TensorFlow.

    The branch that is not taken is differentiated too: 0 · inf.  TensorFlow's root returns 0 for an incoming
    gradient of 0; its log and 1/x are NaN as in torch.
    """

    name, apis = "GRAD-WHERE", ("torch.where", "torch.sqrt", "tf.where", "tf.sqrt")
    words = ("nan gradient", "where", "double where", "sqrt of zero")
    gap = float("inf")
    gives = {"torch": "float32 [nan, 0.25]", "tf": "float32 [0, 0.25]"}
    source = "tensorflow/cc/gradients/math_grad.cc, SqrtGrad; torch.where"
    cure = "make the argument safe as well: torch.where(x > 0, x, 1).sqrt() inside the where"

    def torch():
        import torch

        return _torch_grad(
            lambda x: torch.where(x > 0, x.sqrt(), 0),
            [0.0, 4.0],
        )

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.where(x > 0, tf.sqrt(x), 0.0), [0.0, 4.0])

    def aligned_torch():
        import torch

        return _torch_grad(
            lambda x: torch.where(x > 0, torch.where(x > 0, x, 1).sqrt(), 0),
            [0.0, 4.0],
        )


class GradPow00(Divergence):
    """The slope of x**0 at zero is 0 in torch and NaN in TensorFlow.

    TensorFlow multiplies 0 by 0**-1.  Powers that come from an array, polynomial features for instance, have a zero
    among them.
    """

    name, apis = "GRAD-POW00", ("torch.pow", "tf.pow", "keras.ops.power")
    words = ("nan gradient", "power", "zero exponent", "polynomial")
    gap = float("inf")
    gives = {"torch": "float32 [0]", "tf": "float32 [nan]"}
    source = "torch/csrc/autograd/FunctionsManual.cpp, pow_backward_self; tensorflow/python/ops/math_grad.py, _PowGrad"
    cure = "replace x by 1 where the exponent is 0"

    def torch():

        return _torch_grad(lambda e, x: x**e, [0.0], [0.0])

    def tf():

        return _tf_grad(lambda e, x: x**e, [0.0], [0.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(
            lambda e, x: tf.where(e == 0, 1.0, x) ** e,
            [0.0],
            [0.0],
        )


class GradAtan2(Divergence):
    """The slope of atan2 at the origin is 0 in torch and NaN in TensorFlow.

    An angle between points, in an orientation loss for instance, has no derivative there.
    """

    name, apis = "GRAD-ATAN2", ("torch.atan2", "tf.atan2", "keras.ops.arctan2")
    words = ("nan gradient", "angle", "origin")
    gap = float("inf")
    gives = {"torch": "float32 [0]", "tf": "float32 [nan]"}
    source = "torch/csrc/autograd/FunctionsManual.cpp, atan2_backward; tensorflow/python/ops/math_grad.py, _Atan2Grad"
    cure = "leave the origin out by two wheres, inside and outside"

    def torch():
        import torch

        return _torch_grad(torch.atan2, [0.0], [0.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.atan2, [0.0], [0.0])

    def aligned_tf():
        import tensorflow as tf

        def angle(y, x):
            origin = (x == 0) & (y == 0)
            return tf.where(origin, 0.0, tf.atan2(y, tf.where(origin, 1.0, x)))

        return _tf_grad(angle, [0.0], [0.0])


class GradPowneg(Divergence):
    """The slope of (-1)**y by y is NaN in torch and 0 in TensorFlow.

    It is (-1)**y · log(-1), which is not real.  TensorFlow leaves out what has a negative base.
    """

    name, apis = "GRAD-POWNEG", ("torch.pow", "tf.pow")
    words = ("nan gradient", "negative base", "power")
    gap = float("inf")
    gives = {"torch": "float32 [nan]", "tf": "float32 [0]"}
    source = (
        "tensorflow/python/ops/math_grad.py, _PowGrad; torch/csrc/autograd/FunctionsManual.cpp, pow_backward_exponent"
    )
    cure = "detach the exponent: it is a constant there"
    unaligned = "a negative number to a real power is complex"

    def torch():

        return _torch_grad(lambda x, y: x**y, [-1.0], [2.0])

    def tf():

        return _tf_grad(lambda x, y: x**y, [-1.0], [2.0])
