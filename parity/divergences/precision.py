"""Precision that is lost without a word."""

from parity.divergences.entry import Divergence


def _tf32(x):
    """x with its mantissa rounded to ten bits, to nearest and half to even."""
    import tensorflow as tf

    bits = tf.bitcast(x, tf.int32)
    odd = tf.bitwise.bitwise_and(tf.bitwise.right_shift(bits, 13), 1)
    return tf.bitcast(tf.bitwise.bitwise_and(bits + 0xFFF + odd, -0x2000), tf.float32)


class DtLossf32(Divergence):
    """A Keras loss computes in float32 whatever it is given, unless its dtype says otherwise.

    The default is keras.config.floatx().  torch computes in the dtype of its arguments.  A check of gradients in
    float64 fails at 1e-8 without an error anywhere.
    """

    name, apis = "DT-LOSSF32", ("torch.nn.MSELoss", "keras.losses.MeanSquaredError", "keras.losses.Loss")
    words = ("float64 loss", "double precision", "loss dtype", "floatx", "gradient check fails")
    dtype, gap = "float64", 1.3e-8
    source = "keras/src/losses/loss.py, Loss.__init__"
    cure = 'keras.losses.MeanSquaredError(dtype="float64")'

    def inputs(rng):
        return {"prediction": rng.normal(size=(16, 3)), "target": rng.normal(size=(16, 3))}

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError()(target, prediction)

    def aligned_keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError(dtype="float64")(target, prediction)


class Tf32(Divergence):
    """TF32 rounds the inputs of a product to ten bits of mantissa, and TensorFlow has it on by default on a GPU.

    A thousandth, in float32.  torch has it off for products and on for cuDNN's convolutions.  Emulated here by
    rounding the inputs to the nearest number of ten bits; a CPU has no TF32.
    """

    name = "TF32"
    apis = (
        "tf.config.experimental.enable_tensor_float_32_execution", "torch.backends.cuda.matmul.allow_tf32",
        "torch.backends.cudnn.allow_tf32", "torch.set_float32_matmul_precision",
    )  # fmt: skip
    words = ("tf32", "tensor float 32", "gpu differs from cpu", "A100", "H100", "1e-3", "matmul precision")
    gap = 0.00028
    source = "torch, CUDA semantics: TensorFloat-32; tf.config.experimental.enable_tensor_float_32_execution"
    cure = "torch.backends.cudnn.allow_tf32 = False; tf.config.experimental.enable_tensor_float_32_execution(False)"

    def inputs(rng):
        return {"x": rng.normal(size=(8, 64)), "w": rng.normal(size=(64, 8))}

    def torch(x, w):
        return x @ w

    def tf(x, w):
        import tensorflow as tf

        return tf.matmul(_tf32(x), _tf32(w))

    def aligned_tf(x, w):
        import tensorflow as tf

        return tf.matmul(x, w)
