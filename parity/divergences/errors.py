"""What one framework refuses and the other does."""

from parity.divergences.entry import Divergence


class Device(Divergence):
    """torch refuses to compute with tensors on two devices; TensorFlow copies them as needed.

    A forgotten .to(device) is an error in torch, and in TensorFlow a slow program.  The second device here is the GPU;
    without one torch's meta device stands for it, and TensorFlow has nothing to copy.  Not every operation looks: in
    torch 2.13 the product `x @ w` of a tensor on the CPU and one on meta returns memory that nobody wrote.
    """

    name, apis = "DEVICE", ("torch.Tensor.to", "torch.nn.Module.to", "tf.device")
    words = ("cuda", "gpu", "same device", "forgotten .to", "Expected all tensors to be on the same device")
    gap = float("inf")
    raises = {"torch": ("RuntimeError", "same device|not on the expected device")}
    source = "torch, Note: CUDA semantics; TensorFlow guide: Use a GPU"
    cure = "model.to(device) and batch.to(device)"

    def inputs(rng):
        return {"x": rng.normal(size=(2, 3)), "w": rng.normal(size=(4, 3)), "b": rng.normal(size=4)}

    def torch(x, w, b):
        import torch

        elsewhere = "cuda" if torch.cuda.is_available() else "meta"
        return torch.nn.functional.linear(x, w.to(elsewhere), b.to(elsewhere))

    def tf(x, w, b):
        import tensorflow as tf

        with tf.device("GPU:0" if tf.config.list_physical_devices("GPU") else "CPU:0"):
            w, b = tf.identity(w), tf.identity(b)
        with tf.device("CPU:0"):
            return tf.matmul(x, w, transpose_b=True) + b

    def aligned_torch(x, w, b):
        import torch

        return torch.nn.functional.linear(x, w.to(x.device), b.to(x.device))
