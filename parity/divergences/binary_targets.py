"""Targets of a binary cross-entropy: their type, their shape, their range."""

import numpy as np

from parity.divergences.entry import Divergence


class BceShape(Divergence):
    """Binary cross-entropy of (n, 1) logits and (n,) targets is refused by torch; Keras makes them one shape.

    NumPy written by hand computes the mean over n² pairs, without a word.
    """

    name, apis = "BCE-SHAPE", ("torch.nn.BCEWithLogitsLoss", "torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("Target size must be the same as input size", "broadcast", "(n, 1) against (n,)", "squeeze")
    gap = float("inf")
    gives = {"keras": "float32 0.852", "numpy": "float32 0.984"}
    raises = {"torch": ("ValueError", "Target size .* must be the same as input size")}
    source = "torch.nn.BCEWithLogitsLoss, Shape; keras/src/losses/loss.py, squeeze_or_expand_to_same_rank"
    cure = "targets of shape (n, 1)"

    def inputs(rng):
        return {"z": rng.normal(0, 2, (6, 1)), "truth": rng.integers(2, size=6)}

    def torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))

    def keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)

    def numpy(z, truth):
        return np.mean(np.log1p(np.exp(z)) - z * truth.astype(z.dtype))

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype).unsqueeze(1))

    def aligned_numpy(z, truth):
        return np.mean(np.log1p(np.exp(z)) - z * truth.astype(z.dtype)[:, None])


class BceDtype(Divergence):
    """torch's binary cross-entropy refuses integer targets; Keras casts them.

    0 and 1 are most naturally integers, and so a data set keeps them.  BCELoss, which takes probabilities, says "Found
    dtype Long but expected Float" instead.
    """

    name, apis = "BCE-DTYPE", ("torch.nn.BCEWithLogitsLoss", "torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("result type Float can't be cast", "integer targets", "Found dtype Long but expected Float")
    gap = float("inf")
    gives = {"keras": "float32 1.59"}
    raises = {"torch": ("RuntimeError", "result type Float can't be cast to the desired output type Long")}
    source = "torch.nn.BCEWithLogitsLoss, Shape"
    cure = "targets.float()"

    def inputs(rng):
        return {
            "z": rng.normal(0, 2, (6, 1)),
            "truth": rng.integers(2, size=(6, 1)),
        }

    def torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth)

    def keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))


class BceRange(Divergence):
    """torch refuses a "probability" of 1.5; Keras clips it to 1 and is content.

    It is the sign of a sigmoid that was forgotten, and Keras trains on without it.
    """

    name, apis = "BCE-RANGE", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = (
        "all elements of input should be between 0 and 1",
        "forgotten sigmoid",
        "from_logits",
        "device-side assert",
    )
    gap = float("inf")
    gives = {"keras": "float32 0.347"}
    raises = {"torch": ("RuntimeError", "all elements of input should be between 0 and 1")}
    source = "torch.nn.BCELoss, Shape; keras/src/backend/tensorflow/nn.py, binary_crossentropy"
    cure = "take them as logits: BCEWithLogitsLoss; BinaryCrossentropy(from_logits=True)"

    def inputs(rng):
        return {"z": np.array([[1.5], [0.5]]), "truth": np.array([[1], [0]])}

    def torch(z, truth):
        import torch

        return torch.nn.BCELoss()(z, truth.to(z.dtype))

    def keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(truth, z)

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))

    def aligned_keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)


class BceLong(Divergence):
    """BCELoss of integer targets says "Found dtype Long but expected Float"; Keras casts them.

    BCEWithLogitsLoss has other words for it (BCE-DTYPE).
    """

    name, apis = "BCE-LONG", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("Found dtype Long but expected Float", "integer targets", "label dtype")
    gap = float("inf")
    gives = {"keras": "float32 0.743"}
    raises = {"torch": ("RuntimeError", "(Found|found) dtype Long but expected Float")}
    source = "torch.nn.BCELoss, Shape"
    cure = "targets.float()"

    def inputs(rng):
        return {
            "p": rng.uniform(0.1, 0.9, (6, 1)),
            "truth": rng.integers(2, size=(6, 1)),
        }

    def torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth)

    def keras(p, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(truth, p)

    def aligned_torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth.to(p.dtype))


class BceColumn(Divergence):
    """BCELoss refuses a size that differs, where MSELoss warns and broadcasts.

    (n, 1) probabilities and (n,) targets.  Keras makes them one shape.
    """

    name, apis = "BCE-COLUMN", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("Using a target size", "is deprecated", "Please ensure they have the same size", "squeeze")
    gap = float("inf")
    gives = {"keras": "float32 1.1"}
    raises = {"torch": ("ValueError", "Using a target size .* is deprecated")}
    source = "torch/nn/functional.py, binary_cross_entropy; keras/src/losses/loss.py, squeeze_or_expand_to_same_rank"
    cure = "targets of shape (n, 1)"

    def inputs(rng):
        return {
            "p": rng.uniform(0.1, 0.9, (6, 1)),
            "truth": rng.integers(2, size=6),
        }

    def torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth.to(p.dtype))

    def keras(p, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(truth, p)

    def aligned_torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth.to(p.dtype).unsqueeze(1))
