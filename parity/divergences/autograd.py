"""Where gradients go, and what a second pass needs."""

from parity.divergences.entry import Divergence


class AgAccum(Divergence):
    """torch adds gradients up in `.grad` until they are zeroed; a tape returns them.

    A loop without zero_grad() trains on the sum of all gradients so far, without a word.  Whoever wants the sum, over
    micro-batches for instance, must write it in TensorFlow.
    """

    name, apis = "AG-ACCUM", ("torch.Tensor.backward", "torch.optim.Optimizer.zero_grad", "tf.GradientTape")
    words = ("zero_grad", "gradients accumulate", "gradient twice as large", "loss diverges", "gradient accumulation")
    gap, units = 0.5, 7.1e6
    source = "torch.Tensor.backward"
    cure = "optimizer.zero_grad() before each backward; in TensorFlow an explicit sum where it is wanted"

    def inputs(rng):
        return {"w": rng.normal(size=4), "x": rng.normal(size=(8, 4))}

    def torch(w, x):
        w.requires_grad_()
        for _ in range(2):
            (x @ w).square().mean().backward()
        return w.grad

    def tf(w, x):
        import tensorflow as tf

        for _ in range(2):
            with tf.GradientTape() as tape:
                tape.watch(w)
                loss = tf.reduce_mean(tf.linalg.matvec(x, w) ** 2)
            grad = tape.gradient(loss, w)
        return grad

    def aligned_torch(w, x):
        w.requires_grad_()
        for _ in range(2):
            w.grad = None  # optimizer.zero_grad()
            (x @ w).square().mean().backward()
        return w.grad


class AgFrozen(Divergence):
    """A tape follows the weights of a frozen Keras layer; torch's frozen parameters have no gradient.

    `trainable = False` keeps built weights from the optimizer and from nothing else: whoever asks the tape gets their
    gradients, and it keeps a frozen trunk's activations for them, the memory that freezing was to spare.
    """

    name, apis = "AG-FROZEN", ("torch.nn.Module.requires_grad_", "keras.layers.Layer.trainable", "tf.GradientTape")
    words = ("freeze", "frozen layer", "transfer learning", "requires_grad", "trainable = False", "memory")
    gap = float("inf")
    gives = {"torch": "int64 0", "keras": "int64 2"}
    source = "TensorFlow guide: Introduction to gradients and automatic differentiation, what the tape watches"
    cure = "tf.GradientTape(watch_accessed_variables=False), then tape.watch(model.trainable_variables)"

    def inputs(rng):
        return {"x": rng.normal(size=(8, 4))}

    def torch(x):
        import torch

        trunk, head = torch.nn.Linear(4, 3), torch.nn.Linear(3, 2)
        trunk.requires_grad_(False)
        head(trunk(x)).square().mean().backward()
        return sum(w.grad is not None for w in trunk.parameters())

    def keras(x):
        import keras
        import tensorflow as tf

        trunk, head = keras.layers.Dense(3), keras.layers.Dense(2)
        trunk.build(x.shape)
        trunk.trainable = False
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(head(trunk(x)) ** 2)
        grads = tape.gradient(loss, [w.value for w in trunk.weights])
        return sum(grad is not None for grad in grads)

    def aligned_keras(x):
        import keras
        import tensorflow as tf

        trunk, head = keras.layers.Dense(3), keras.layers.Dense(2)
        trunk.build(x.shape)
        head.build((None, 3))
        trunk.trainable = False
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([w.value for w in head.trainable_variables])
            loss = tf.reduce_mean(head(trunk(x)) ** 2)
        grads = tape.gradient(loss, [w.value for w in trunk.weights])
        return sum(grad is not None for grad in grads)


class Ag2nd(Divergence):
    """A gradient's own gradient must be asked for before the first is computed.

    Without create_graph=True torch's gradient has no graph, and the second call raises.  A tape that is asked outside
    of its `with` did not record the first gradient, and returns None without a word.
    """

    name, apis = "AG-2ND", ("torch.autograd.grad", "tf.GradientTape", "torch.func.hessian")
    words = ("second derivative", "Hessian", "create_graph", "gradient is None", "does not require grad")
    gap = float("inf")
    gives = {"tf": "None"}
    raises = {"torch": ("RuntimeError", "does not require grad")}
    source = "torch.autograd.grad; TensorFlow guide: Advanced automatic differentiation"
    cure = "create_graph=True; a tape around a tape"

    def inputs(rng):
        return {"x": rng.normal(size=3)}

    def torch(x):
        import torch

        x.requires_grad_()
        (first,) = torch.autograd.grad((x**3).sum(), x)
        (second,) = torch.autograd.grad(first.sum(), x)
        return second

    def tf(x):
        import tensorflow as tf

        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x**3
        first = tape.gradient(y, x)
        return str(tape.gradient(first, x))  # "None"

    def aligned_torch(x):
        import torch

        x.requires_grad_()
        (first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x)
        return second

    def aligned_tf(x):
        import tensorflow as tf

        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = x**3
            first = inner.gradient(y, x)
        return outer.gradient(first, x)


class AgTwice(Divergence):
    """A second backward is an error in torch only where a value was saved; a tape always refuses.

    (w + 1).sum() saves nothing, so torch goes through it twice and adds the gradient up, without a word.  With a
    product it raises "Trying to backward through the graph a second time".  A tape answers once unless it is
    persistent.
    """

    name, apis = "AG-TWICE", ("torch.Tensor.backward", "tf.GradientTape")
    words = ("retain_graph", "persistent", "backward a second time", "non-persistent GradientTape")
    gap = float("inf")
    gives = {"torch": "float32 [2, 2, 2, 2]"}
    raises = {"tf": ("RuntimeError", "non-persistent GradientTape can only be used to compute one set of gradients")}
    source = "torch.Tensor.backward, retain_graph; tf.GradientTape, persistent"
    cure = "one backward for each forward; retain_graph=True, persistent=True"

    def inputs(rng):
        return {"w": rng.normal(size=4)}

    def torch(w):
        w.requires_grad_()
        loss = (w + 1).sum()
        loss.backward()
        loss.backward()
        return w.grad

    def tf(w):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(w)
            loss = tf.reduce_sum(w + 1)
        tape.gradient(loss, w)
        return tape.gradient(loss, w)

    def aligned_torch(w):
        w.requires_grad_()
        loss = (w + 1).sum()
        loss.backward()
        w.grad = None
        loss.backward()
        return w.grad

    def aligned_tf(w):
        import tensorflow as tf

        with tf.GradientTape(persistent=True) as tape:
            tape.watch(w)
            loss = tf.reduce_sum(w + 1)
        tape.gradient(loss, w)
        return tape.gradient(loss, w)


class AgSaved(Divergence):
    """A second backward through a product is an error in both, unless it was asked for.

    torch's message speaks of retain_graph, TensorFlow's of persistent=True.  With either the second gradient is the
    first.
    """

    name, apis = "AG-SAVED", ("torch.Tensor.backward", "torch.autograd.grad", "tf.GradientTape")
    words = ("Trying to backward through the graph a second time", "retain_graph", "saved tensors")
    gap = float("inf")
    gives = {"tf": "float32 [2.16, -0.63, 0.778, -2.16]"}
    raises = {"torch": ("RuntimeError", "Trying to backward through the graph a second time")}
    source = "torch.autograd.grad, retain_graph"
    cure = "torch.autograd.grad(loss, w, retain_graph=True)"

    def inputs(rng):
        return {"w": rng.normal(size=4)}

    def torch(w):
        import torch

        w.requires_grad_()
        loss = (w * w).sum()
        torch.autograd.grad(loss, w)
        return torch.autograd.grad(loss, w)[0]

    def tf(w):
        import tensorflow as tf

        with tf.GradientTape(persistent=True) as tape:
            tape.watch(w)
            loss = tf.reduce_sum(w * w)
        tape.gradient(loss, w)
        return tape.gradient(loss, w)

    def aligned_torch(w):
        import torch

        w.requires_grad_()
        loss = (w * w).sum()
        torch.autograd.grad(loss, w, retain_graph=True)
        return torch.autograd.grad(loss, w)[0]
