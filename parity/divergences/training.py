"""The training loop: what fit reports, and in which order it goes through the data."""

import numpy as np

from parity.divergences.entry import Divergence


def _inputs(rng):
    x = rng.normal(size=(32, 3))
    return {"x": x, "y": x @ rng.normal(size=(3, 1)) + 1, "w": rng.normal(size=(1, 3))}


def _torch_model(w):
    import torch

    model = torch.nn.Linear(3, 1, bias=False)
    model.load_state_dict({"weight": w}, assign=True)
    return model, torch.optim.SGD(model.parameters(), lr=0.125)


def _keras_model(w):
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([keras.ops.transpose(w)])
    model.compile(keras.optimizers.SGD(0.125), loss="mse", jit_compile=False)
    return model


class FitLoss(Divergence):
    """The loss that fit reports for an epoch is the mean over its batches while the weights move.

    It is not the loss of the model that the epoch ends with, which a loop that evaluates afterwards prints.  In the
    first epochs it is far higher, and a training loss above the validation loss is no wonder.
    """

    name, apis = "FIT-LOSS", ("keras.Model.fit", "keras.Model.evaluate", "keras.callbacks.History")
    words = ("history loss", "epoch loss", "evaluate differs from fit", "validation loss lower than training loss")
    gap = 2.37
    source = "keras.Model.fit; keras FAQ: Why is my training loss much higher than my testing loss?"
    cure = "average the same in the loop; or evaluate() after the epoch"

    inputs = _inputs

    def torch(x, y, w):
        import torch

        model, optimizer = _torch_model(w)
        for x_batch, y_batch in zip(x.split(8), y.split(8)):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(x_batch), y_batch).backward()
            optimizer.step()
        return torch.nn.functional.mse_loss(model(x), y)

    def keras(x, y, w):
        history = _keras_model(w).fit(x, y, batch_size=8, shuffle=False, verbose=0)
        return history.history["loss"][0]

    def aligned_torch(x, y, w):
        import torch

        model, optimizer = _torch_model(w)
        losses = []
        for x_batch, y_batch in zip(x.split(8), y.split(8)):
            optimizer.zero_grad()
            losses.append(torch.nn.functional.mse_loss(model(x_batch), y_batch))
            losses[-1].backward()
            optimizer.step()
        return torch.stack(losses).mean()


class FitLogs(Divergence):
    """A batch's log in fit is the mean of the epoch so far, not the loss of the batch.

    A callback that plots it shows a smooth curve where a loop shows a noisy one; a single bad batch is hidden.
    """

    name, apis = "FIT-LOGS", ("keras.callbacks.Callback", "keras.Model.fit", "keras.Model.train_on_batch")
    words = ("on_train_batch_end", "batch loss", "running mean", "loss curve is smooth", "logs")
    gap = 0.205
    source = "keras/src/trainers/trainer.py, train_step: _loss_tracker; keras.metrics.Mean"
    cure = "train_on_batch; or undo the mean: n loss_n - (n - 1) loss_(n-1)"

    inputs = _inputs

    def torch(x, y, w):
        import torch

        model, optimizer = _torch_model(w)
        losses = []
        for x_batch, y_batch in zip(x.split(8), y.split(8)):
            optimizer.zero_grad()
            losses.append(torch.nn.functional.mse_loss(model(x_batch), y_batch))
            losses[-1].backward()
            optimizer.step()
        return torch.stack(losses)

    def keras(x, y, w):
        import keras

        losses = []
        log = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
        _keras_model(w).fit(x, y, batch_size=8, shuffle=False, verbose=0, callbacks=[log])
        return losses

    def aligned_keras(x, y, w):
        import keras

        model = _keras_model(w)
        return [float(model.train_on_batch(*batch)) for batch in zip(keras.ops.split(x, 4), keras.ops.split(y, 4))]


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
    """The order in which fit hands out the rows, which a loss sees as its targets."""
    import keras
    import tensorflow as tf

    seen = []

    def loss(y_true, y_pred):
        seen.extend(int(row) for row in tf.reshape(y_true, [-1]))
        return 0 * y_pred

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", loss, run_eagerly=True)
    model.fit(tf.zeros((len(rows), 1)), tf.cast(rows, "float32"), batch_size=16, verbose=0, **options)
    return seen
