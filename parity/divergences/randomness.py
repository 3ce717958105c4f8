"""Randomness: what a seed seeds, and what is drawn after it."""

import numpy as np

from parity.divergences.entry import Divergence


class SeedStream(Divergence):
    """The same seed gives other numbers in each framework.

    Generators differ: PCG64 in NumPy, a Mersenne twister in torch, Philox in TensorFlow, and Keras derives a seed for
    each call.  No seed makes two frameworks start alike; only numbers that were carried over do.
    """

    name = "SEED-STREAM"
    apis = ("numpy.random.default_rng", "torch.manual_seed", "keras.utils.set_random_seed", "tf.random.set_seed")
    words = ("same seed different results", "reproducible", "manual_seed", "random numbers differ", "generator")
    fresh = True  # seeds all
    gap, units = 0.713, 2.1e7
    source = "numpy.random; torch, Note: Reproducibility; tf.random.set_seed; keras.random.SeedGenerator"
    cure = "draw in NumPy and copy"

    def inputs(rng):
        return {"u": rng.uniform(size=100)}

    def numpy():
        return np.random.default_rng(0).uniform(size=100)

    def torch():
        import torch

        torch.manual_seed(0)
        return torch.rand(100)

    def keras():
        import keras

        keras.utils.set_random_seed(0)
        return keras.random.uniform((100,))

    def tf():
        import tensorflow as tf

        tf.random.set_seed(0)
        return tf.random.uniform((100,))

    def aligned_numpy(u):
        return u

    def aligned_torch(u):
        return u

    def aligned_keras(u):
        return u

    def aligned_tf(u):
        return u


class SeedInt(Divergence):
    """An integer seed gives Keras the same numbers at each call; torch's generator goes on.

    keras.random is without state: two calls with seed=0 are equal.  A layer with seed=0, such as Dropout, makes a
    generator of it, which advances.  The value is the count of numbers in which two calls differ.
    """

    name, apis = "SEED-INT", ("torch.Generator", "keras.random.uniform", "keras.random.SeedGenerator")
    words = ("seed=0", "same random numbers", "stateless", "SeedGenerator", "noise does not change")
    gap = 1.0
    source = "keras.random.uniform, seed; torch.Generator"
    cure = "keras.random.SeedGenerator(0)"

    def torch():
        import torch

        generator = torch.Generator().manual_seed(0)
        first, second = (
            torch.rand(100, generator=generator),
            torch.rand(100, generator=generator),
        )
        return (first != second).sum()

    def keras():
        import keras

        first, second = (
            keras.random.uniform((100,), seed=0),
            keras.random.uniform((100,), seed=0),
        )
        return keras.ops.sum(first != second)

    def aligned_keras():
        import keras

        seed = keras.random.SeedGenerator(0)
        first, second = (
            keras.random.uniform((100,), seed=seed),
            keras.random.uniform((100,), seed=seed),
        )
        return keras.ops.sum(first != second)


class SeedSplit(Divergence):
    """Two draws of two numbers are one draw of four in NumPy and torch, and not in TensorFlow.

    TensorFlow's counter moves by a block at each call.  A batch that is drawn in other pieces has other numbers.  The
    value is the count of numbers that agree.
    """

    name, apis = "SEED-SPLIT", ("numpy.random.Generator", "torch.rand", "tf.random.Generator")
    words = ("batch size changes random numbers", "stream", "draw in pieces", "counter", "Philox")
    gap = 0.5
    source = "tf.random.Generator, skip; numpy.random.Generator; torch, Note: Reproducibility"
    cure = "draw once, and cut"

    def numpy():
        whole, parts = np.random.default_rng(0), np.random.default_rng(0)
        pieces = np.concatenate([parts.uniform(size=2), parts.uniform(size=2)])
        return (whole.uniform(size=4) == pieces).sum()

    def torch():
        import torch

        whole, parts = (torch.Generator().manual_seed(0) for _ in range(2))
        pieces = torch.cat(
            [torch.rand(2, generator=parts), torch.rand(2, generator=parts)],
        )
        equal = torch.rand(4, generator=whole) == pieces
        return equal.sum()

    def tf():
        import tensorflow as tf

        whole, parts = (
            tf.random.Generator.from_seed(0),
            tf.random.Generator.from_seed(0),
        )
        pieces = tf.concat([parts.uniform([2]), parts.uniform([2])], 0)
        return tf.math.count_nonzero(whole.uniform([4]) == pieces)

    def aligned_tf():
        import tensorflow as tf

        whole, cut = (
            tf.random.Generator.from_seed(0),
            tf.random.Generator.from_seed(0).uniform([4]),
        )
        pieces = tf.concat([cut[:2], cut[2:]], 0)
        return tf.math.count_nonzero(whole.uniform([4]) == pieces)


class SeedRandn16(Divergence):
    """torch's normal numbers depend on how many are drawn: from sixteen on they are made another way.

    torch.randn(20)[:4] is not torch.randn(4) after the same seed.  A layer that is made larger starts with other
    weights throughout.
    """

    name, apis = "SEED-RANDN16", ("torch.randn", "torch.manual_seed", "torch.nn.init.normal_")
    words = ("randn", "random numbers depend on the size", "vectorised", "Box-Muller", "sixteen")
    framework = "torch"
    gap, units = 1.29, 3.8e7
    source = "aten/src/ATen/native/cpu/DistributionTemplates.h, normal_fill: size >= 16"
    cure = "draw once, and cut"

    def four():
        import torch

        torch.manual_seed(0)
        return torch.randn(4, dtype=torch.float32)

    def four_of_twenty():
        import torch

        torch.manual_seed(0)
        return torch.randn(20, dtype=torch.float32)[:4]

    def aligned_four():
        import torch

        torch.manual_seed(0)
        return torch.randn(20, dtype=torch.float32)[:4]


class SeedScope(Divergence):
    """torch.manual_seed seeds torch alone; keras.utils.set_random_seed seeds Python, NumPy and TensorFlow.

    Augmentation that draws from random or numpy.random is not reproducible after torch's.  The values say whether a
    draw of Python's, NumPy's and the framework's own repeats.
    """

    name, apis = "SEED-SCOPE", ("torch.manual_seed", "keras.utils.set_random_seed", "random.seed", "numpy.random.seed")
    words = ("set_random_seed", "not reproducible", "seed everything", "augmentation", "worker_init_fn")
    fresh = True  # seeds all
    gap = 1.41
    source = "keras.utils.set_random_seed; torch, Note: Reproducibility"
    cure = "random.seed(0); numpy.random.seed(0); torch.manual_seed(0)"

    def torch():
        import torch

        return _repeats(torch.manual_seed, lambda: float(torch.rand(())))

    def keras():
        import keras

        return _repeats(
            keras.utils.set_random_seed,
            lambda: float(keras.random.uniform(())),
        )

    def aligned_torch():
        import random

        import torch

        def seed_all(seed):
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            torch.manual_seed(seed)

        return _repeats(seed_all, lambda: float(torch.rand(())))


def _repeats(seed, own):
    """Whether the same numbers come after the same seed: 1 or 0."""
    import random

    draws = []
    for _ in range(2):
        seed(0)
        numpys = np.random.uniform()  # noqa: NPY002
        draws.append((random.random(), numpys, own()))
    return [int(first == second) for first, second in zip(*draws)]
