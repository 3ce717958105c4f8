"""NVIDIA's GPUs: where float32 is rounded or approximated further than its type says."""

from parity.divergences.entry import Divergence

TO_TEN_BITS = 2.0**13 + 1  # x · this, less its distance from x, keeps eleven digits of float32's twenty-four


def _inputs(rng):
    return {
        "x": rng.normal(size=(16, 64)),
        "w": rng.normal(0, 0.125, (64, 16)),
    }


def _rounded(x):
    """x with TF32's ten bits of mantissa: Veltkamp's splitting."""
    high = x * TO_TEN_BITS
    return high - (high - x)


def _lstm(weights):
    """torch's layer with these weights."""
    import torch

    model = torch.nn.LSTM(4, 6, batch_first=True)
    model.load_state_dict(weights, assign=True)
    return model


class Tf32Matmul(Divergence):
    """On a GPU TensorFlow multiplies matrices in TF32, which rounds the inputs to ten bits; torch in float32.

    Results are off by some 3e-4 of their size, as half precision's are, and the type still says float32.  Here the
    inputs are rounded by hand as the GPU does; the switches themselves are TF32-CONV's.
    """

    name, apis = "TF32-MATMUL", ("torch.matmul", "tf.linalg.matmul", "keras.layers.Dense")
    words = ("tf32", "tensor float", "Ampere", "H100", "A100", "GPU result differs from CPU", "only 3 digits")
    gap, units = 0.000258, 4.5e3
    source = "torch, Note: CUDA semantics, TF32; tf.config.experimental.enable_tensor_float_32_execution"
    cure = "tf.config.experimental.enable_tensor_float_32_execution(False)"

    inputs = _inputs

    def torch(x, w):
        return x @ w

    def tf(x, w):
        return _rounded(x) @ _rounded(w)

    def aligned_tf(x, w):
        return x @ w


class Tf32Conv(Divergence):
    """On a GPU torch convolves in TF32 by default, and multiplies matrices in float32; TensorFlow does both in TF32.

    What goes through cuDNN does as convolutions do: a torch.nn.LSTM is off by 2e-4 of its size on an H200 (torch 2.11).
    So a network of convolutions agrees between the two where nothing was set, and differs from its CPU; one of linear
    layers differs between them (TF32-MATMUL).
    """

    name = "TF32-CONV"
    apis = (
        "torch.nn.Conv2d",
        "torch.nn.LSTM",
        "torch.backends.cudnn.allow_tf32",
        "torch.set_float32_matmul_precision",
        "tf.nn.conv2d",
    )
    words = ("tf32", "allow_tf32", "cudnn", "Ampere", "GPU result differs from CPU", "float32_matmul_precision")
    gap, documented = 3e-4, "no machine without a GPU can run it"
    source = "torch, Note: CUDA semantics, TF32; tf.config.experimental.enable_tensor_float_32_execution"
    cure = "torch.backends.cudnn.allow_tf32 = False; enable_tensor_float_32_execution(False) in TensorFlow"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 8, 8, 8)),
            "w": rng.normal(0, 0.1, (8, 8, 3, 3)),
        }

    def torch(x, w):
        import torch

        return torch.nn.functional.conv2d(x.cuda(), w.cuda()).cpu()

    def tf(x, w):
        import tensorflow as tf

        with tf.device("GPU:0"):
            y = tf.nn.conv2d(
                tf.transpose(x, (0, 2, 3, 1)),
                tf.transpose(w, (2, 3, 1, 0)),
                1,
                "VALID",
            )
        return tf.transpose(y, (0, 3, 1, 2))

    def aligned_torch(x, w):
        import torch

        torch.backends.cudnn.allow_tf32 = False
        return torch.nn.functional.conv2d(x.cuda(), w.cuda()).cpu()

    def aligned_tf(x, w):
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(False)
        with tf.device("GPU:0"):
            y = tf.nn.conv2d(
                tf.transpose(x, (0, 2, 3, 1)),
                tf.transpose(w, (2, 3, 1, 0)),
                1,
                "VALID",
            )
        return tf.transpose(y, (0, 3, 1, 2))


class RnnCudnnTanh(Divergence):
    """On a GPU cuDNN approximates tanh in small recurrent layers of float32: results are off by 5e-6 of their size.

    That is some forty times what a CPU rounds, with TF32 off.  On an H200 (cuDNN 9.19, torch 2.11) tanh is off by up to
    7e-6 with 4, 6 and 64 hidden units, in LSTM, GRU and RNN alike; with 256 units, in float64, and in torch.tanh itself
    nothing is seen.  Keras calls cuDNN too where its layer's arguments allow it.
    """

    name, apis = "RNN-CUDNN-TANH", ("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN", "keras.layers.LSTM")
    words = ("cudnn", "LSTM differs on GPU", "GPU result differs from CPU", "use_cudnn", "approximate tanh")
    gap, units = 5e-6, 100
    framework, documented = "torch", "no machine without a GPU can run it"
    source = "torch.nn.LSTM, on cuDNN; torch.backends.cudnn.enabled; keras/src/backend/tensorflow/rnn.py"
    cure = "torch.backends.cudnn.enabled = False, or use_cudnn=False in Keras"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 5, 4)),
            "weight_ih_l0": rng.normal(0, 0.5, (24, 4)),
            "weight_hh_l0": rng.normal(0, 0.5, (24, 6)),
            "bias_ih_l0": rng.normal(0, 0.5, 24),
            "bias_hh_l0": rng.normal(0, 0.5, 24),
        }

    def cpu(x, **weights):
        return _lstm(weights)(x)[0]

    def cuda(x, **weights):
        import torch

        # TF32 would hide it: TF32-CONV
        torch.backends.cudnn.rnn.fp32_precision = "ieee"
        return _lstm(weights).cuda()(x.cuda())[0].cpu()

    def aligned_cuda(x, **weights):
        import torch

        torch.backends.cudnn.enabled = False
        return _lstm(weights).cuda()(x.cuda())[0].cpu()
