"""Gradients at special points where the frameworks agree."""

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


class GradRelu0(Divergence):
    """The slope of relu at zero is 0 in both.

    Any number between 0 and 1 would be one of its subgradients.
    """

    name, apis = "GRAD-RELU0", ("torch.relu", "tf.nn.relu")
    words = ("relu", "slope at zero", "subgradient")
    gap, equal = 0, True
    source = "torch, Autograd mechanics: gradients for non-differentiable functions; tf.nn.relu"
    cure = "nothing to align"

    def torch():
        import torch

        return _torch_grad(torch.relu, [0.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.nn.relu, [0.0])


class GradAbs0(Divergence):
    """The slope of |x| at zero is 0 in both.

    It is the sign, and so is the gradient of a mean absolute error that is met exactly.
    """

    name, apis = "GRAD-ABS0", ("torch.abs", "tf.abs", "keras.ops.abs")
    words = ("abs", "L1", "slope at zero")
    gap, equal = 0, True
    source = "torch.abs; tensorflow/python/ops/math_grad.py, _AbsGrad"
    cure = "nothing to align"

    def torch():
        import torch

        return _torch_grad(torch.abs, [0.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.abs, [0.0])


class GradClamp(Divergence):
    """The slope of a clip at its bounds is 1 in both.

    Only what is strictly outside has none.  torch's hardtanh is another case (GRAD-HTANH).
    """

    name, apis = "GRAD-CLAMP", ("torch.clamp", "tf.clip_by_value", "keras.ops.clip")
    words = ("clamp", "clip", "slope at the bound")
    gap, equal = 0, True
    source = "torch.clamp; tf.clip_by_value"
    cure = "nothing to align"

    def torch():

        return _torch_grad(lambda x: x.clamp(-1, 1), [-1.0, 0.0, 1.0, 2.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(
            lambda x: tf.clip_by_value(x, -1.0, 1.0),
            [-1.0, 0.0, 1.0, 2.0],
        )


class GradElu0(Divergence):
    """The slope of ELU at zero is 1 in both.

    Both sides agree there for alpha = 1.  SELU's do not (GRAD-SELU0).
    """

    name, apis = "GRAD-ELU0", ("torch.nn.ELU", "tf.nn.elu")
    words = ("elu", "slope at zero")
    gap, equal = 0, True
    source = "torch.nn.ELU; tf.nn.elu"
    cure = "nothing to align"

    def torch():
        import torch

        return _torch_grad(torch.nn.functional.elu, [0.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.nn.elu, [0.0])


class GradHsig(Divergence):
    """The slope of hard_sigmoid at its ends, ±3, is 0 in both.

    A sixth between them.
    """

    name, apis = "GRAD-HSIG", ("torch.nn.Hardsigmoid", "keras.activations.hard_sigmoid")
    words = ("hard_sigmoid", "slope at the bound")
    gap, equal = 0, True
    source = "torch.nn.Hardsigmoid; keras.activations.hard_sigmoid"
    cure = "nothing to align"

    def torch():
        import torch

        return _torch_grad(torch.nn.functional.hardsigmoid, [-3.0, 0.0, 3.0])

    def tf():
        import keras
        import tensorflow as tf

        return _tf_grad(
            keras.activations.hard_sigmoid,
            tf.constant([-3.0, 0.0, 3.0]),
        )


class GradLeaky0(Divergence):
    """The slope of a leaky ReLU at zero is the negative side's in both.

    Where relu has 0 too.
    """

    name, apis = "GRAD-LEAKY0", ("torch.nn.LeakyReLU", "tf.nn.leaky_relu")
    words = ("leaky relu", "slope at zero")
    gap, equal = 0, True
    source = "torch.nn.LeakyReLU; tf.nn.leaky_relu"
    cure = "nothing to align"

    def torch():
        import torch

        return _torch_grad(
            lambda x: torch.nn.functional.leaky_relu(x, 0.25),
            [0.0],
        )

    def tf():
        import tensorflow as tf

        return _tf_grad(lambda x: tf.nn.leaky_relu(x, 0.25), [0.0])


class GradProd0(Divergence):
    """The gradient of a product with zeros is right in both.

    Neither divides by the factors.  The cumulative product is another case (GRAD-CUMPROD).
    """

    name, apis = "GRAD-PROD0", ("torch.prod", "tf.reduce_prod", "keras.ops.prod")
    words = ("product", "zero factor", "nan gradient")
    gap, equal = 0, True
    source = "torch/csrc/autograd/FunctionsManual.cpp, prod_backward; tensorflow/python/ops/math_grad.py, _ProdGrad"
    cure = "nothing to align"

    def torch():
        import torch

        return _torch_grad(torch.prod, [2.0, 0.0, 3.0])

    def tf():
        import tensorflow as tf

        return _tf_grad(tf.reduce_prod, [2.0, 0.0, 3.0])


class GradMaxpool(Divergence):
    """At a tie a max-pool sends its gradient to the first element, in both.

    The first row by row.  After a ReLU whole windows of zeros are ties.
    """

    name, apis = "GRAD-MAXPOOL", ("torch.nn.MaxPool2d", "tf.nn.max_pool2d", "keras.layers.MaxPooling2D")
    words = ("max pool tie", "max pool gradient", "zeros after relu")
    gap, equal = 0, True
    source = "aten/src/ATen/native/cpu/MaxPoolKernel.cpp; tensorflow/core/kernels/maxpooling_op.cc"
    cure = "nothing to align"

    def torch():
        import torch

        pool = torch.nn.MaxPool2d(2)
        return _torch_grad(lambda x: pool(x[None])[0], [[1.0, 1.0], [1.0, 0.0]])

    def tf():
        import tensorflow as tf

        return _tf_grad(
            lambda x: tf.nn.max_pool2d(x[None, :, :, None], 2, 2, "VALID"),
            [[1.0, 1.0], [1.0, 0.0]],
        )
