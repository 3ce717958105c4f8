"""Adam: its epsilon and where it stands, its betas, and what is equal."""

import numpy as np

from parity.divergences.entry import Divergence
from parity.divergences.steps import BELOW_ROUNDING, BETAS, LR, given, keras_steps, torch_steps


class OptAdamEps(Divergence):
    """Adam's default epsilon is 1e-8 in torch and 1e-7 in Keras.

    It is invisible while gradients are near 1.  Where they are 1e-6, as at the end of a training or far from the loss,
    Keras's steps are a fraction of torch's.  Its place differs too (OPT-ADAM-EPSHAT).
    """

    name = "OPT-ADAM-EPS"
    apis = (
        "torch.optim.Adam", "torch.optim.AdamW", "torch.optim.NAdam",
        "keras.optimizers.Adam", "keras.optimizers.AdamW", "keras.optimizers.Nadam",
    )  # fmt: skip
    words = ("epsilon", "eps", "small gradients", "Adam differs", "trains slower")
    gap, units = 0.59, 1.5e7
    source = "torch.optim.Adam, eps; keras/src/optimizers/adam.py"
    cure = "the same epsilon in both; below rounding, such as 2**-100, its place does not matter either"

    def inputs(rng):
        return given(rng, scale=1e-6)

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.Adam, w, grads, lr=LR, betas=BETAS)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.Adam(LR, *BETAS), w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adam,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=BELOW_ROUNDING,
        )

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adam(LR, *BETAS, epsilon=BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)

    def recognise(a, b):
        return a.defaults["eps"] != b.epsilon

    def pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)]), keras.optimizers.Adam()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)]), keras.optimizers.Adam(epsilon=1e-8)


class OptAdamEpshat(Divergence):
    """torch adds Adam's epsilon after the bias correction, Keras before it.

    lr √(1 - β₂ᵗ)/(1 - β₁ᵗ) · m/(√v + ε̂) is Keras's form, the paper's ε̂; torch's m̂/(√v̂ + ε) is the same with
    ε̂ = ε √(1 - β₂ᵗ).  So at first Keras's epsilon counts for thirty times as much, and no constant makes up for it.
    """

    name, apis = (
        "OPT-ADAM-EPSHAT",
        ("torch.optim.Adam", "torch.optim.AdamW", "keras.optimizers.Adam", "keras.optimizers.AdamW"),
    )
    words = ("epsilon hat", "bias correction", "Adam differs", "first steps", "small gradients")
    gap, units = 0.165, 4.7e6
    source = "Kingma and Ba 2015, section 2; keras/src/optimizers/adam.py; torch/optim/adam.py"
    cure = "optimizer.epsilon = eps * sqrt(1 - beta_2**t) before each step; or an epsilon below rounding"

    def inputs(rng):
        return given(rng, scale=1e-6)

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adam,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=1e-8,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adam(LR, *BETAS, epsilon=1e-8)
        return keras_steps(optimizer, w, grads)

    def aligned_keras(w, grads):
        import keras

        w = keras.Variable(w, dtype=w.dtype.name)
        optimizer = keras.optimizers.Adam(LR, *BETAS)
        for t, grad in enumerate(grads, 1):
            optimizer.epsilon = 1e-8 * (1 - BETAS[1] ** t) ** 0.5
            optimizer.apply([grad], [w])
        return w

    def recognise(a, b):
        return max(a.defaults["eps"], b.epsilon) > 1e-20

    def pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)]), keras.optimizers.Adam(epsilon=1e-8)

    def aligned_pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)], eps=BELOW_ROUNDING), keras.optimizers.Adam(epsilon=BELOW_ROUNDING)


class OptAmsgrad(Divergence):
    """AMSGrad keeps the same maximum in torch and Keras.

    Both take it of v before the bias correction; some other codes take it of the corrected one.  Only Adam's own
    epsilon is to be aligned (OPT-ADAM-EPS).
    """

    name, apis = "OPT-AMSGRAD", ("torch.optim.Adam", "keras.optimizers.Adam")
    words = ("amsgrad", "max_exp_avg_sq", "vhat")
    gap, equal = 0, True
    source = "torch/optim/adam.py, _single_tensor_adam; keras/src/optimizers/adam.py, update_step"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "w": given(rng)["w"],
            "grads": given(rng)["grads"] * np.linspace(2, 0.1, 10)[:, None],
        }

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adam,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=BELOW_ROUNDING,
            amsgrad=True,
        )

    def keras(w, grads):
        import keras

        return keras_steps(
            keras.optimizers.Adam(
                LR,
                *BETAS,
                epsilon=BELOW_ROUNDING,
                amsgrad=True,
            ),
            w,
            grads,
        )


class OptBetas(Divergence):
    """Two Adams with other betas take other steps.

    Both default to 0.9 and 0.999, so one option was not carried over: 0.95 for language models, 0.5 for GANs.
    """

    name, apis = "OPT-BETAS", ("torch.optim.Adam", "torch.optim.AdamW", "keras.optimizers.Adam")
    words = ("beta_1", "beta_2", "betas", "GAN", "option")
    gap, units = 0.311, 8.6e6
    arguments = ("betas", "beta_1", "beta_2")
    source = "torch.optim.Adam, betas; keras.optimizers.Adam, beta_1 and beta_2"
    cure = "the same betas in both"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adam,
            w,
            grads,
            lr=LR,
            betas=(0.5, BETAS[1]),
            eps=BELOW_ROUNDING,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adam(LR, *BETAS, epsilon=BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)

    def aligned_keras(w, grads):
        import keras

        return keras_steps(
            keras.optimizers.Adam(LR, 0.5, BETAS[1], epsilon=BELOW_ROUNDING),
            w,
            grads,
        )

    def recognise(a, b):
        return any(abs(x - y) > 1e-6 for x, y in zip(a.defaults["betas"], (b.beta_1, b.beta_2)))

    def pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)], betas=(0.5, 0.999)), keras.optimizers.Adam()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.Adam([torch.zeros(1)], betas=(0.5, 0.999)), keras.optimizers.Adam(beta_1=0.5)


class OptSparse(Divergence):
    """Rows of an embedding that a batch did not use move alike under Adam in torch and Keras 3.

    TensorFlow's gradient is sparse, and Keras 2 had a lazy form; Keras 3 makes it dense, so momentum moves all rows, as
    in torch.  torch.optim.SparseAdam is the lazy one.  Here the second step uses one row of four.
    """

    name, apis = "OPT-SPARSE", ("torch.nn.Embedding", "keras.layers.Embedding", "keras.optimizers.Adam")
    words = ("IndexedSlices", "sparse gradient", "lazy Adam", "SparseAdam", "embedding moves without gradient")
    gap, equal = 0, True
    source = "keras/src/backend/tensorflow/optimizer.py; torch.nn.Embedding, sparse"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "w": rng.normal(size=(4, 3)),
            "first": np.array([0, 1, 2, 3]),
            "second": np.array([1]),
        }

    def torch(w, first, second):
        import torch

        layer = torch.nn.Embedding(4, 3, _weight=w)
        optimizer = torch.optim.Adam(
            layer.parameters(),
            lr=0.125,
            betas=BETAS,
            eps=BELOW_ROUNDING,
        )
        for rows in (first, second):
            optimizer.zero_grad()
            layer(rows).square().sum().backward()
            optimizer.step()
        return layer.weight

    def keras(w, first, second):
        import keras
        import tensorflow as tf

        layer = keras.layers.Embedding(4, 3, weights=[w])
        optimizer = keras.optimizers.Adam(0.125, *BETAS, epsilon=BELOW_ROUNDING)
        for rows in (first, second):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(rows) ** 2)
            optimizer.apply(
                tape.gradient(loss, [layer.embeddings.value]),
                [layer.embeddings],
            )
        return layer.embeddings
