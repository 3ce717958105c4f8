"""The data of a training: the order, the size of the batches, and what is kept for validation."""

import numpy as np

from parity.divergences.entry import Divergence


class FitShuffle(Divergence):
    """fit shuffles by default, a DataLoader does not.

    A loop that leaves the default goes through sorted data in order, and learns one class after the other.  The value
    is the order of the examples in one epoch.
    """

    name, apis = "FIT-SHUFFLE", ("keras.Model.fit", "torch.utils.data.DataLoader")
    words = ("shuffle", "order of the data", "sorted data", "not reproducible")
    gap = 0.715
    fresh = True  # fit draws the order from TensorFlow's global generator
    source = "keras.Model.fit, shuffle; torch.utils.data.DataLoader, shuffle"
    cure = "shuffle=False; or shuffle=True in the DataLoader"

    def inputs(rng):
        return {"rows": np.arange(64)}

    def torch(rows):
        import torch

        return torch.cat(list(torch.utils.data.DataLoader(rows, batch_size=16)))

    def keras(rows):
        return _order(rows)

    def aligned_keras(rows):
        return _order(rows, shuffle=False)


def _order(rows, **options):
    """The order in which fit hands out the rows, as a loss sees it."""
    import keras
    import tensorflow as tf

    seen = []

    def loss(y_true, y_pred):
        seen.extend(int(row) for row in tf.reshape(y_true, [-1]))
        return 0 * y_pred

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", loss, run_eagerly=True)
    model.fit(
        tf.zeros((len(rows), 1)),
        tf.cast(rows, "float32"),
        batch_size=16,
        verbose=0,
        **options,
    )
    return seen


class FitShuffleSeed(Divergence):
    """After a global seed fit goes through arrays in the same order in each epoch, and in each later fit.

    keras.utils.set_random_seed or tf.random.set_seed is enough.  Unseeded, orders differ; a DataLoader's differ,
    seeded or not.  Training with batches that never change is not what shuffle=True says, and it looks like an
    upstream bug: the permutation is drawn inside Dataset.map, and its seed starts anew with the iterator.  The
    value is 1 where the second epoch has another order.
    """

    name = "FIT-SHUFFLE-SEED"
    apis = ("keras.Model.fit", "keras.utils.set_random_seed", "tf.random.set_seed", "torch.utils.data.DataLoader")
    words = ("same permutation", "same order in every epoch", "no reshuffling", "reproducible", "upstream bug")
    fresh = True  # a global seed stays set
    gap = 1.0
    source = "keras/src/trainers/data_adapters/array_data_adapter.py, get_tf_dataset"
    cure = "tf.data.Dataset.shuffle, keras.utils.PyDataset or a torch DataLoader as the data"
    script = """
        import keras
        import numpy as np

        keras.utils.set_random_seed(0)
        seen = []


        def loss(y, prediction):
            seen.extend(np.ravel(y).tolist())
            return keras.ops.mean((prediction - y) ** 2)


        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", loss, run_eagerly=True)
        y = np.arange(64.0)[:, None]
        model.fit(np.zeros((64, 1)), y, epochs=2, shuffle=True, verbose=0)
        assert seen[:64] != seen[64:], "both epochs have the same order"
    """

    def inputs(rng):
        return {"rows": np.arange(64)}

    def torch(rows):
        import torch

        torch.manual_seed(0)
        data = torch.utils.data.DataLoader(rows, batch_size=16, shuffle=True)
        first, second = (torch.cat(list(data)) for _ in range(2))
        return int(not torch.equal(first, second))

    def keras(rows):
        import keras

        keras.utils.set_random_seed(0)
        seen = _order(rows, epochs=2)
        return int(seen[:64] != seen[64:])

    def aligned_keras(rows):
        import keras
        import tensorflow as tf

        keras.utils.set_random_seed(0)
        data = tf.data.Dataset.from_tensor_slices(rows).shuffle(64).batch(16)
        first, second = (
            [int(row) for batch in data for row in batch]
            for epoch in range(2)
        )  # fmt: skip
        return int(first != second)


class FitBatch(Divergence):
    """A batch has one example in a DataLoader by default, and thirty-two in fit.

    The value is the number of updates in an epoch of a hundred examples.
    """

    name, apis = "FIT-BATCH", ("torch.utils.data.DataLoader", "keras.Model.fit")
    words = ("batch_size", "default batch size", "steps per epoch", "number of updates", "slow")
    gap = 0.96
    source = "torch.utils.data.DataLoader, batch_size; keras.Model.fit, batch_size"
    cure = "give batch_size"

    def inputs(rng):
        return {"x": rng.normal(size=(100, 1))}

    def torch(x):
        import torch

        return len(
            torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x)),
        )

    def keras(x):
        import keras

        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", jit_compile=False)
        model.fit(x, x, shuffle=False, verbose=0)
        return int(model.optimizer.iterations)

    def aligned_torch(x):
        import torch

        return len(
            torch.utils.data.DataLoader(
                torch.utils.data.TensorDataset(x),
                batch_size=32,
            ),
        )


class FitVsplit(Divergence):
    """validation_split takes the last examples as they lie, before any shuffling; random_split draws them.

    Of sorted data the last quarter is one class, which training then never sees.  The value is the order of the rows
    that are validated.
    """

    name, apis = "FIT-VSPLIT", ("keras.Model.fit", "torch.utils.data.random_split", "torch.utils.data.Subset")
    words = ("validation_split", "random_split", "sorted data", "validation accuracy is 0", "hold-out")
    gap = 0.718
    arguments = ("validation_split", "random_split")
    source = "keras.Model.fit, validation_split; torch.utils.data.random_split"
    cure = "shuffle once before fit; or torch.utils.data.Subset of the last rows"

    def inputs(rng):
        return {"rows": np.arange(64)}

    def torch(rows):
        import torch

        generator = torch.Generator().manual_seed(0)
        _, held_out = torch.utils.data.random_split(
            range(64),
            [48, 16],
            generator=generator,
        )
        return rows[held_out.indices]

    def keras(rows):
        return _order(rows, shuffle=False, validation_split=0.25)[-16:]

    def aligned_torch(rows):
        import torch

        return torch.stack(list(torch.utils.data.Subset(rows, range(48, 64))))
