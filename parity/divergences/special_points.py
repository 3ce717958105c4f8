"""Gradients at special points: kinks, zeros and NaN."""

from parity.divergences.entry import Divergence


def _torch_grad(f, *values):
    """The derivative of f there by its last argument, in torch."""
    import torch

    x = [torch.tensor(value) for value in values]
    x[-1].requires_grad_()
    return torch.autograd.grad(f(*x).sum(), x[-1])[0]


def _tf_grad(f, *values):
    """The derivative of f there by its last argument, in TensorFlow; the text "None" where the tape has none."""
    import tensorflow as tf

    x = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(x[-1])
        y = f(*x)
    grad = tape.gradient(y, x[-1])
    return "None" if grad is None else grad


class GradReluNan(Divergence):
    """The slope of relu at NaN is 1 in torch and 0 in TensorFlow.

    relu itself returns NaN in both.  A NaN that reached a layer so stops there in one framework, and spreads in the other.
    """

    name, apis = "GRAD-RELU-NAN", ("torch.relu", "tf.nn.relu")
    words = ("relu", "nan gradient", "nan spreads")
    gap = 0.707
    source = "tensorflow/core/kernels/relu_op_functor.h, ReluGrad: gradients where features > 0"
    cure = "look for NaN in the forward pass"
    unaligned = "NaN has no slope"

    def torch():
        import torch

        return _torch_grad(torch.relu, [float('nan'), 1.0, -1.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.nn.relu, [float('nan'), 1.0, -1.0])


class GradHtanh(Divergence):
    """The slope of hardtanh at its ends is 0 in torch; that of a clip is 1, in torch and TensorFlow.

    torch's own clamp has the other slope too.
    """

    name, apis = "GRAD-HTANH", ("torch.nn.Hardtanh", "torch.clamp", "tf.clip_by_value", "keras.ops.clip")
    words = ("hardtanh", "clip gradient", "slope at the bound")
    gap = 1.41
    source = "aten/src/ATen/native/cpu/Activation.cpp, hardtanh_backward; tf.clip_by_value"
    cure = "x.clamp(-1, 1)"

    def torch():
        import torch

        return _torch_grad(torch.nn.functional.hardtanh, [-1.0, 0.0, 1.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.clip_by_value(x, -1.0, 1.0), [-1.0, 0.0, 1.0])

    def aligned_torch():
        import torch

        return _torch_grad(lambda x: x.clamp(-1, 1), [-1.0, 0.0, 1.0])


class GradSelu0(Divergence):
    """The slope of SELU at zero is 1.758 in torch and 1.051 in TensorFlow.

    It is the slope from the left in the one and from the right in the other.  Where an input is exactly zero, after a padding for instance, gradients differ by two thirds.
    """

    name, apis = "GRAD-SELU0", ("torch.nn.SELU", "tf.nn.selu", "keras.activations.selu")
    words = ("selu", "slope at zero", "padding")
    gap = 0.402
    source = "tensorflow/core/kernels/relu_op_functor.h, SeluGrad; aten/src/ATen/native/cpu/Activation.cpp, elu_backward"
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
        return _torch_grad(lambda x: scale * torch.where(x >= 0, x, alpha * torch.expm1(x)), [0.0])


class GradMax2(Divergence):
    """At a tie maximum(x, y) sends half of the gradient to each in torch, and all of it to x in TensorFlow.

    relu written as maximum(x, 0) has so another slope at zero than relu.
    """

    name, apis = "GRAD-MAX2", ("torch.maximum", "tf.maximum", "keras.ops.maximum")
    words = ("maximum", "tie", "relu by hand", "half gradient")
    gap = 0.447
    source = "torch.maximum; tensorflow/python/ops/math_grad.py, _MaximumMinimumGrad"
    cure = "torch.where(x >= 1, x, 1)"

    def torch():
        import torch

        return _torch_grad(lambda x: torch.maximum(x, torch.tensor(1.0)), [1.0, 2.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.maximum(x, 1.0), [1.0, 2.0])

    def aligned_torch():
        import torch

        return _torch_grad(lambda x: torch.where(x >= 1, x, 1), [1.0, 2.0])


class GradMaxred(Divergence):
    """torch's max(dim) sends the gradient to one of several maxima; reduce_max shares it.

    torch's amax() and its max() of everything share it too.  Global max pooling by hand meets it, where a ReLU left zeros.
    """

    name, apis = "GRAD-MAXRED", ("torch.max", "torch.amax", "tf.reduce_max", "keras.ops.max")
    words = ("max gradient", "tie", "amax", "evenly distributed")
    gap = 0.707
    source = "torch.amax, Note; tensorflow/python/ops/math_grad.py, _MinOrMaxGrad"
    cure = "x.amax(dim)"

    def torch():
        import torch

        return _torch_grad(lambda x: x.max(dim=0).values, [3.0, 3.0, 1.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.reduce_max(x, axis=0), [3.0, 3.0, 1.0])

    def aligned_torch():
        import torch

        return _torch_grad(lambda x: x.amax(dim=0), [3.0, 3.0, 1.0])


class GradNorm0(Divergence):
    """The gradient of a norm at zero is 0 in torch and NaN in TensorFlow.

    A difference of two equal embeddings, as in a triplet loss, turns every weight into NaN with the next step.
    """

    name, apis = "GRAD-NORM0", ("torch.linalg.vector_norm", "torch.linalg.norm", "tf.norm", "keras.ops.norm")
    words = ("nan gradient", "norm of zero", "triplet loss", "distance")
    gap = float("inf")
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

        return _tf_grad(lambda x: tf.sqrt(tf.reduce_sum(x**2) + 1e-12), [0.0, 0.0])


class GradStd0(Divergence):
    """The gradient of a standard deviation of equal values is 0 in torch and NaN in TensorFlow.

    A constant feature in a normalisation by hand meets it.  The root's slope is infinite there, and 0 · inf is NaN.
    """

    name, apis = "GRAD-STD0", ("torch.std", "tf.math.reduce_std", "keras.ops.std")
    words = ("nan gradient", "constant feature", "standard deviation of zero")
    gap = float("inf")
    source = "torch/csrc/autograd/FunctionsManual.cpp, std_backward; tf.math.reduce_std"
    cure = "tf.sqrt(tf.math.reduce_variance(x) + 1e-12)"

    def torch():
        import torch

        return _torch_grad(lambda x: x.std(correction=0), [1.0, 1.0, 1.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.math.reduce_std, [1.0, 1.0, 1.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.sqrt(tf.math.reduce_variance(x) + 1e-12), [1.0, 1.0, 1.0])


class GradWhere(Divergence):
    """where(x > 0, √x, 0) has a NaN gradient at zero in torch, and 0 in TensorFlow.

    The branch that is not taken is differentiated too: 0 · inf.  TensorFlow's root returns 0 for an incoming gradient of 0; its log and 1/x are NaN as in torch.
    """

    name, apis = "GRAD-WHERE", ("torch.where", "torch.sqrt", "tf.where", "tf.sqrt")
    words = ("nan gradient", "where", "double where", "sqrt of zero")
    gap = float("inf")
    source = "tensorflow/cc/gradients/math_grad.cc, SqrtGrad; torch.where"
    cure = "make the argument safe as well: torch.where(x > 0, x, 1).sqrt() inside the where"

    def torch():
        import torch

        return _torch_grad(lambda x: torch.where(x > 0, x.sqrt(), 0), [0.0, 4.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.where(x > 0, tf.sqrt(x), 0.0), [0.0, 4.0])

    def aligned_torch():
        import torch

        return _torch_grad(lambda x: torch.where(x > 0, torch.where(x > 0, x, 1).sqrt(), 0), [0.0, 4.0])


class GradPow00(Divergence):
    """The slope of x**0 at zero is 0 in torch and NaN in TensorFlow.

    TensorFlow multiplies 0 by 0**-1.  Powers that come from an array, polynomial features for instance, have a zero among them.
    """

    name, apis = "GRAD-POW00", ("torch.pow", "tf.pow", "keras.ops.power")
    words = ("nan gradient", "power", "zero exponent", "polynomial")
    gap = float("inf")
    source = "torch/csrc/autograd/FunctionsManual.cpp, pow_backward_self; tensorflow/python/ops/math_grad.py, _PowGrad"
    cure = "replace x by 1 where the exponent is 0"

    def torch():
        import torch

        return _torch_grad(lambda e, x: x**e, [0.0], [0.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda e, x: x**e, [0.0], [0.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(lambda e, x: tf.where(e == 0, 1.0, x) ** e, [0.0], [0.0])


class GradAtan2(Divergence):
    """The slope of atan2 at the origin is 0 in torch and NaN in TensorFlow.

    An angle between points, in an orientation loss for instance, has no derivative there.
    """

    name, apis = "GRAD-ATAN2", ("torch.atan2", "tf.atan2", "keras.ops.arctan2")
    words = ("nan gradient", "angle", "origin")
    gap = float("inf")
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
    source = "tensorflow/python/ops/math_grad.py, _PowGrad; torch/csrc/autograd/FunctionsManual.cpp, pow_backward_exponent"
    cure = "detach the exponent: it is a constant there"
    unaligned = "a negative number to a real power is complex"

    def torch():
        import torch

        return _torch_grad(lambda x, y: x**y, [-1.0], [2.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x, y: x**y, [-1.0], [2.0])


class GradCumprod(Divergence):
    """TensorFlow's gradient of a cumulative product is wrong where a factor is zero.

    It divides the products by their factors, and takes 0/0 for 0: (1, 0, 0) for the factors (1, 0, 3), where (1, 4, 0) is right.  A bug of TensorFlow, reported as #119430 and repaired after 2.21 by #120282.
    """

    name, apis = "GRAD-CUMPROD", ("torch.cumprod", "tf.math.cumprod", "keras.ops.cumprod")
    words = ("cumprod", "wrong gradient", "transmittance", "NeRF", "alpha compositing", "zero factor")
    gap = 0.97
    source = "tensorflow/python/ops/math_grad.py, _CumprodGrad; tensorflow#119430"
    cure = "tf.stack([tf.reduce_prod(x[: i + 1]) for i in range(n)]), or a sum of logarithms of what is positive"

    def torch():
        import torch

        return _torch_grad(lambda x: x.cumprod(0), [1.0, 0.0, 3.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.math.cumprod, [1.0, 0.0, 3.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.stack([tf.reduce_prod(x[: i + 1]) for i in range(3)]), [1.0, 0.0, 3.0])


class GradRound(Divergence):
    """The gradient of round is 0 in torch and None in TensorFlow.

    An optimizer skips a weight whose gradient is None, and with weight decay shrinks one whose gradient is 0.
    """

    name, apis = "GRAD-ROUND", ("torch.round", "tf.round", "keras.ops.round")
    words = ("gradient is None", "quantisation", "straight-through estimator", "No gradients provided")
    gap = float("inf")
    source = "tensorflow/python/ops/math_grad.py, NotDifferentiable; torch/derivatives.yaml, round"
    cure = "tape.gradient(y, x, unconnected_gradients=\"zero\")"

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
    gap = 1
    source = "torch.nn.functional.normalize, eps; tf.nn.l2_normalize, epsilon"
    cure = "tf.nn.l2_normalize(x, epsilon=1e-24); better: no zero vectors"

    def torch():
        import torch

        return _torch_grad(lambda x: torch.nn.functional.normalize(x, dim=0), [0.0, 0.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.nn.l2_normalize, [0.0, 0.0])

    def aligned_tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.nn.l2_normalize(x, epsilon=1e-24), [0.0, 0.0])
