"""Gradients that are missing, refused or summed."""

from parity.divergences.entry import Divergence


class AgUnconn(Divergence):
    """The gradient of what does not depend on a weight is an error in torch, and None in TensorFlow.

    After backward() it is None in torch too.  In TensorFlow None also stands for a constant that nobody watched and
    for an integer; torch raises for each.
    """

    name, apis = "AG-UNCONN", ("torch.autograd.grad", "tf.GradientTape.gradient")
    words = (
        "gradient is None",
        "unused weight",
        "allow_unused",
        "unconnected_gradients",
        "No gradients provided for any variable",
    )
    gap = float("inf")
    gives = {"tf": "None"}
    raises = {"torch": ("RuntimeError", "appears to not have been used in the graph")}
    source = "torch.autograd.grad, allow_unused; tf.UnconnectedGradients"
    cure = 'allow_unused=True, materialize_grads=True; unconnected_gradients="zero"'

    def inputs(rng):
        return {"w": rng.normal(size=4), "x": rng.normal(size=4)}

    def torch(w, x):
        import torch

        w.requires_grad_()
        x.requires_grad_()
        return torch.autograd.grad((x * x).sum(), w)[0]

    def tf(w, x):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch([w, x])
            loss = tf.reduce_sum(x * x)
        return str(tape.gradient(loss, w))  # "None"

    def aligned_torch(w, x):
        import torch

        w.requires_grad_()
        x.requires_grad_()
        return torch.autograd.grad(
            (x * x).sum(),
            w,
            allow_unused=True,
            materialize_grads=True,
        )[0]

    def aligned_tf(w, x):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch([w, x])
            loss = tf.reduce_sum(x * x)
        return tape.gradient(loss, w, unconnected_gradients="zero")


class AgInt(Divergence):
    """torch refuses gradients by integers; a tape returns None.

    A weight or an input that was made of Python integers is an integer.  TensorFlow only logs a line.
    """

    name, apis = "AG-INT", ("torch.Tensor.requires_grad_", "tf.GradientTape.watch")
    words = ("only Tensors of floating point dtype can require gradients", "gradient is None", "integer weight")
    gap = float("inf")
    gives = {"tf": "None"}
    raises = {
        "torch": (
            "RuntimeError",
            "only Tensors of floating point and complex dtype can require gradients|floating point",
        )
    }
    source = "torch.Tensor.requires_grad_; tf.GradientTape.watch"
    cure = "write 3.0"

    def torch():
        import torch

        w = torch.tensor([1, 2]).requires_grad_()
        return torch.autograd.grad((w * w).sum(), w)[0]

    def tf():
        import tensorflow as tf

        w = tf.constant([1, 2])
        with tf.GradientTape() as tape:
            tape.watch(w)
            loss = tf.reduce_sum(w * w)
        return str(tape.gradient(loss, w))  # "None"

    def aligned_torch():
        import torch

        w = torch.tensor([1.0, 2.0]).requires_grad_()
        return torch.autograd.grad((w * w).sum(), w)[0]

    def aligned_tf():
        import tensorflow as tf

        w = tf.constant([1.0, 2.0])
        with tf.GradientTape() as tape:
            tape.watch(w)
            loss = tf.reduce_sum(w * w)
        return tape.gradient(loss, w)


class AgVec(Divergence):
    """torch refuses the gradient of a vector; a tape takes that of its sum.

    A loss without its mean so trains in TensorFlow, with a rate that grows with the batch.
    """

    name, apis = "AG-VEC", ("torch.Tensor.backward", "tf.GradientTape.gradient")
    words = ("grad can be implicitly created only for scalar outputs", "vector loss", "reduction none")
    gap = float("inf")
    gives = {"tf": "float32 [-0.411, -0.946, -0.644, -0.18]"}
    raises = {"torch": ("RuntimeError", "grad can be implicitly created only for scalar outputs")}
    source = "torch.Tensor.backward; tf.GradientTape.gradient"
    cure = "loss.sum().backward(), or the mean in both"

    def inputs(rng):
        return {"w": rng.normal(size=4)}

    def torch(w):
        w.requires_grad_()
        (w * w).backward()
        return w.grad

    def tf(w):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(w)
            loss = w * w
        return tape.gradient(loss, w)

    def aligned_torch(w):
        w.requires_grad_()
        (w * w).sum().backward()
        return w.grad


class AgNumpy(Divergence):
    """torch refuses .numpy() of a tensor that has a gradient; TensorFlow gives it.

    A list of losses is where it is met.  An array has no graph, and torch wants that to be seen.
    """

    name, apis = "AG-NUMPY", ("torch.Tensor.numpy", "torch.Tensor.detach", "tf.Variable.numpy")
    words = ("Can't call numpy() on Tensor that requires grad", "detach", "plot losses")
    gap = float("inf")
    gives = {"tf": "float32 [1.12, -1.08, -1.9, 0.61]"}
    raises = {"torch": ("RuntimeError", r"Can't call numpy\(\) on Tensor that requires grad")}
    source = "torch.Tensor.numpy"
    cure = "w.detach().numpy()"

    def inputs(rng):
        return {"w": rng.normal(size=4)}

    def torch(w):
        return w.requires_grad_().numpy()

    def tf(w):
        import tensorflow as tf

        return tf.Variable(w).numpy()

    def aligned_torch(w):
        return w.requires_grad_().detach().numpy()
