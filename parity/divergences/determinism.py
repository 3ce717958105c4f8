"""Determinism: what changes the last bits of a result, and no more."""

from parity.divergences.entry import Divergence


class DetBatch(Divergence):
    """A row's result is the same in any batch within rounding, and not bit for bit, in every framework.

    A matrix product is cut to pieces by its shape, so a row alone is summed in another order than among others.  A
    prediction for one example is not bit for bit the one in a batch, and a test that asks for it fails at random.
    """

    name, apis = "DET-BATCH", ("torch.nn.Linear", "keras.layers.Dense", "numpy.matmul")
    words = ("batch size changes the result", "bitwise", "batch invariance", "not reproducible", "batch of one")
    gap, equal = 0, True
    source = "torch, Note: Numerical accuracy, Batched computations or slice computations"
    cure = "compare within rounding, never bit for bit"

    def inputs(rng):
        return {
            "x": rng.normal(size=(32, 784)),
            "w": rng.normal(0, 0.04, (784, 10)),
        }

    def numpy(x, w):
        return x @ w

    def torch(x, w):
        import torch

        return torch.cat([row[None] @ w for row in x])

    def keras(x, w):
        import keras

        return keras.ops.concatenate([row[None] @ w for row in x])


class DetElt(Divergence):
    """An elementwise function of a part is that part of the whole within rounding, and not bit for bit.

    The middle goes through vector instructions and the end through others, with other approximations.  One call and
    calls on pieces of seven differ in the last bit.
    """

    name, apis = "DET-ELT", ("torch.sigmoid", "tf.math.exp", "torch.exp")
    words = ("bitwise", "vectorised", "last bit", "slice", "stride", "not reproducible")
    gap, equal = 0, True
    source = "torch, Note: Numerical accuracy; TensorFlow's Eigen kernels, packet and scalar paths"
    cure = "compare within rounding, never bit for bit"

    def inputs(rng):
        return {"x": rng.normal(size=210)}

    def torch(x):
        return x.exp().sigmoid()

    def tf(x):
        import tensorflow as tf

        return tf.concat(
            [tf.sigmoid(tf.exp(piece)) for piece in tf.split(x, 30)],
            0,
        )


class DetThreads(Divergence):
    """A full sum is the same with any number of threads within rounding, and not bit for bit.

    Each thread sums a part.  Two machines with other counts of cores differ, and so does a job that was given fewer.
    """

    name, apis = (
        "DET-THREADS",
        ("torch.set_num_threads", "torch.sum", "tf.config.threading.set_intra_op_parallelism_threads"),
    )
    words = ("number of threads", "OMP_NUM_THREADS", "not reproducible", "other machine", "last bit")
    framework = "torch"
    gap, equal = 0, True
    source = "torch.set_num_threads; torch, Note: Numerical accuracy"
    cure = "fix the number of threads where bits matter"

    def inputs(rng):
        return {"x": rng.normal(1, 1, 100_000)}

    def one_thread(x):
        return _sum(x, threads=1)

    def two_threads(x):
        return _sum(x, threads=2)


def _sum(x, threads):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return x.sum()
    finally:
        torch.set_num_threads(before)


class DetOnednn(Divergence):
    """TensorFlow's results on a CPU depend on whether oneDNN is on, in their last bits.

    TF_ENABLE_ONEDNN_OPTS is read once, when TensorFlow is imported, and on by default on x86.  Between 0 and 1 a matrix
    product of 784 terms moved by 5e-7 of its size, a convolution's gradients by 5e-7 to 8e-7.
    """

    name, apis = "DET-ONEDNN", ("tf.linalg.matmul", "tf.nn.conv2d")
    words = ("TF_ENABLE_ONEDNN_OPTS", "oneDNN custom operations are on", "slightly different numerical results")
    gap = 4.8e-7
    documented = "TensorFlow reads the switch when it is imported, so each side needs a process of its own"
    source = "TensorFlow 2.9 release notes: oneDNN; the message that TensorFlow logs when it starts"
    cure = "set TF_ENABLE_ONEDNN_OPTS in both, and record it"


class DetThreadsDefault(Divergence):
    """torch uses as many threads as there are physical cores, TensorFlow as logical ones.

    torch.get_num_threads() says how many; TensorFlow's setting is 0, which means that it chooses.  Two frameworks
    side by side, or a container with a share of the cores, oversubscribe, and times compare settings.
    """

    name = "DET-THREADS-DEFAULT"
    apis = ("torch.set_num_threads", "torch.get_num_threads", "tf.config.threading.set_intra_op_parallelism_threads")
    words = ("number of threads", "slow", "oversubscription", "container", "intra_op", "hyper-threading")
    gap = float("inf")
    documented = "the numbers are the machine's, and TensorFlow takes another one only before its first operation"
    source = "torch.set_num_threads; tf.config.threading.get_intra_op_parallelism_threads"
    cure = "set both, before anything runs"

    def torch():
        import torch

        return torch.get_num_threads()

    def tf():
        import tensorflow as tf

        return tf.config.threading.get_intra_op_parallelism_threads()

    def aligned_torch():
        import torch

        torch.set_num_threads(2)
        return torch.get_num_threads()

    def aligned_tf():
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(2)
        return tf.config.threading.get_intra_op_parallelism_threads()
