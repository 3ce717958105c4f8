"""Values that change: in place, by item, behind the gradient's back."""

import numpy as np

from parity.divergences.entry import Divergence


class AgInplace(Divergence):
    """A weight that changes between forward and backward is an error in torch; a tape keeps the value that was read.

    torch counts the versions of what it saved.  A running statistic, or a target network that is updated within a
    step, meets it.
    """

    name, apis = "AG-INPLACE", ("torch.Tensor.backward", "torch.Tensor.mul_", "tf.Variable.assign", "tf.GradientTape")
    words = ("modified by an inplace operation", "version counter", "assign", "target network")
    gap = float("inf")
    gives = {"tf": "float32 [-0.817, -2.04, 2.98, 0.0992]"}
    raises = {"torch": ("RuntimeError", "has been modified by an inplace operation")}
    source = "torch, Autograd mechanics: in-place correctness checks"
    cure = "change weights after backward(), or read a clone"

    def inputs(rng):
        return {"w": rng.normal(size=4)}

    def torch(w):
        import torch

        w.requires_grad_()
        loss = (w * w).sum()
        with torch.no_grad():
            w.mul_(10)
        loss.backward()
        return w.grad

    def tf(w):
        import tensorflow as tf

        w = tf.Variable(w)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(w * w)
        w.assign(10 * w)
        return tape.gradient(loss, w)

    def aligned_torch(w):
        import torch

        w.requires_grad_()
        read = w.clone()
        loss = (read * read).sum()
        with torch.no_grad():
            w.mul_(10)
        loss.backward()
        return w.grad


class AgData(Divergence):
    """A weight changed through .data gives torch's backward the new value, without a word.

    The version counter does not see it (AG-INPLACE).  Old code is full of .data; torch.no_grad() is what it means.
    """

    name, apis = "AG-DATA", ("torch.Tensor.data", "torch.Tensor.detach", "tf.Variable.assign")
    words = (".data", "wrong gradient", "silent", "in-place")
    gap, units = 0.9, 1.9e7
    source = "torch, Autograd mechanics; PyTorch 0.4 migration guide, What about .data"
    cure = "change weights after backward(), under torch.no_grad()"

    def inputs(rng):
        return {"w": rng.normal(size=4)}

    def torch(w):
        w.requires_grad_()
        loss = (w * w).sum()
        w.data.mul_(10)
        loss.backward()
        return w.grad

    def tf(w):
        import tensorflow as tf

        w = tf.Variable(w)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(w * w)
        w.assign(10 * w)
        return tape.gradient(loss, w)

    def aligned_torch(w):
        w.requires_grad_()
        loss = (w * w).sum()
        loss.backward()
        w.data.mul_(10)
        return w.grad


class AgAssign(Divergence):
    """torch and NumPy assign to an element; a TensorFlow tensor cannot be changed.

    A variable can, and its slices have assign().  keras.ops.slice_update returns a new tensor.
    """

    name = "AG-ASSIGN"
    apis = (
        "torch.Tensor", "tf.Tensor", "tf.tensor_scatter_nd_update", "keras.ops.slice_update", "numpy.ndarray",
    )  # fmt: skip
    words = ("item assignment", "does not support item assignment", "__setitem__", "immutable", "EagerTensor")
    gap = float("inf")
    gives = {"torch": "float32 [9, 0.575, 0.633, 1.06]", "numpy": "float32 [9, 0.575, 0.633, 1.06]"}
    raises = {"tf": ("TypeError", "does not support item assignment")}
    source = "tf.Tensor; TensorFlow guide: Introduction to tensor slicing"
    cure = "keras.ops.slice_update(x, [0], [9.0]); tf.tensor_scatter_nd_update"

    def inputs(rng):
        return {"x": rng.normal(size=4)}

    def torch(x):
        x[0] = 9.0
        return x

    def tf(x):
        x[0] = 9.0
        return x

    def numpy(x):
        x[0] = 9.0
        return x

    def aligned_tf(x):
        import tensorflow as tf

        return tf.tensor_scatter_nd_update(x, [[0]], [9.0])


class AgShare(Divergence):
    """torch.from_numpy shares its memory with the array; tf.constant copies.

    A buffer that is filled again changes every tensor that was made of it.  .numpy() shares too.  torch.tensor
    copies.
    """

    name = "AG-SHARE"
    apis = (
        "torch.from_numpy", "torch.as_tensor", "torch.Tensor.numpy", "tf.constant", "tf.convert_to_tensor",
    )  # fmt: skip
    words = ("shared memory", "from_numpy", "copy", "data changes by itself")
    gap, units = 1, 2.9e7
    source = "torch.from_numpy; tf.constant"
    cure = "torch.tensor(array)"

    def torch():
        import torch

        array = np.zeros(3)
        x = torch.from_numpy(array)
        array[0] = 9
        return x

    def tf():
        import tensorflow as tf

        array = np.zeros(3)
        x = tf.constant(array)
        array[0] = 9
        return x

    def aligned_torch():
        import torch

        array = np.zeros(3)
        x = torch.tensor(array)
        array[0] = 9
        return x
