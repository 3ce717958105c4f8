"""Labels of a cross-entropy: their type, their shape, and their axis."""

from parity.divergences.entry import Divergence


def _classes(rng):
    return {
        "logits": rng.normal(0, 2, (6, 5)),
        "labels": rng.integers(5, size=6),
    }


class CeTarget(Divergence):
    """torch refuses labels that are floats; Keras takes them for the integers that they are.

    torch also refuses labels of shape (n, 1) and of int32.  A loader that hands out float32 for everything works in
    Keras, and is an error in torch that speaks of Long.
    """

    name, apis = "CE-TARGET", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("expected target dtype to be Long", "float labels", "label dtype", "expected scalar type Long")
    gap = float("inf")
    gives = {"keras": "float32 2.58"}
    raises = {"torch": ("RuntimeError", "expected target dtype to be Long or Byte, but got Float")}
    source = "torch.nn.CrossEntropyLoss, Shape"
    cure = "labels.long() of shape (n,)"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels.float())

    def keras(logits, labels):
        import keras

        labels = keras.ops.cast(labels, "float32")
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels, logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels.float().long())


class CeClassdim(Divergence):
    """torch's classes are axis 1, before time and pixels; Keras's are the last axis.

    Logits (batch, time, classes) of a language model or (batch, h, w, classes) of a segmentation must be transposed for
    torch.  Where time is as long as there are classes nothing is refused, and the loss is of the wrong axis.
    """

    name, apis = "CE-CLASSDIM", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("class axis", "Expected target size", "sequence", "segmentation", "language model", "transpose")
    gap = float("inf")
    gives = {"keras": "float32 2.52"}
    raises = {"torch": ("RuntimeError", r"Expected target size \[2, 5\], got \[2, 4\]")}
    source = "torch.nn.CrossEntropyLoss, Shape; keras.losses.SparseCategoricalCrossentropy"
    cure = "logits.transpose(1, 2); or flatten both to (batch · time, classes)"

    def inputs(rng):
        return {
            "logits": rng.normal(0, 2, (2, 4, 5)),
            "labels": rng.integers(5, size=(2, 4)),
        }

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels, logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits.transpose(1, 2), labels)


class CeColumn(Divergence):
    """torch refuses labels of shape (n, 1); Keras drops the second axis.

    A column is what pandas and many loaders hand out.
    """

    name, apis = "CE-COLUMN", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("multi-target not supported", "0D or 1D target tensor expected", "label shape", "squeeze")
    gap = float("inf")
    gives = {"keras": "float32 4.39"}
    raises = {"torch": ("RuntimeError", "0D or 1D target tensor expected, multi-target not supported")}
    source = "torch.nn.CrossEntropyLoss, Shape"
    cure = "labels.squeeze(1)"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels[:, None])

    def keras(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels[:, None], logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels[:, None].squeeze(1))


class CeOnehot(Divergence):
    """torch refuses one-hot rows of integers; Keras's categorical loss casts them.

    One-hot rows are taken for probabilities, which are floating.
    """

    name, apis = "CE-ONEHOT", ("torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy")
    words = ("one-hot", "Expected floating point type for target with class probabilities", "to_categorical")
    gap = float("inf")
    gives = {"keras": "float32 2.72"}
    raises = {"torch": ("RuntimeError", "Expected floating point type for target with class probabilities, got Long")}
    source = "torch.nn.CrossEntropyLoss, Shape"
    cure = "one_hot.float(); or integer labels"

    inputs = _classes

    def torch(logits, labels):
        import torch

        loss = torch.nn.CrossEntropyLoss()
        return loss(logits, torch.nn.functional.one_hot(labels, 5))

    def keras(logits, labels):
        import keras

        one_hot = keras.ops.one_hot(labels, 5, dtype="int64")
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        return loss(one_hot, logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(
            logits,
            torch.nn.functional.one_hot(labels, 5).to(logits.dtype),
        )


class CeCategorical(Divergence):
    """Keras has a loss for integer labels and one for one-hot rows, and each refuses the other's; torch has one.

    "must have the same rank" says that integers came to CategoricalCrossentropy.
    """

    name, apis = "CE-CATEGORICAL", ("torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy")
    words = ("must have the same rank", "sparse or categorical", "integer labels", "one-hot")
    gap = float("inf")
    gives = {"torch": "float32 3.16"}
    raises = {"keras": ("ValueError", r"must have the same rank \(ndim\)")}
    source = "keras.losses.CategoricalCrossentropy; keras.losses.SparseCategoricalCrossentropy"
    cure = "SparseCategoricalCrossentropy for integers"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        return loss(labels, logits)

    def aligned_keras(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels, logits)


class CeSparse(Divergence):
    """One-hot rows in Keras's sparse loss are an error of ranks; in torch they are probabilities.

    "must have rank (ndim) `target.ndim - 1`" has the two names in the wrong places.
    """

    name, apis = "CE-SPARSE", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("must have rank", "target.ndim - 1", "one-hot", "sparse or categorical")
    gap = float("inf")
    gives = {"torch": "float32 2.91"}
    raises = {"keras": ("ValueError", r"must have rank \(ndim\)")}
    source = "keras/src/backend/tensorflow/nn.py, sparse_categorical_crossentropy"
    cure = "CategoricalCrossentropy for one-hot rows"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(
            logits,
            torch.nn.functional.one_hot(labels, 5).to(logits.dtype),
        )

    def keras(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(keras.ops.one_hot(labels, 5), logits)

    def aligned_keras(logits, labels):
        import keras

        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        return loss(keras.ops.one_hot(labels, 5), logits)
