"""The training loop: which loss fit and evaluate report."""

from parity.divergences.entry import Divergence


def _inputs(rng):
    x = rng.normal(size=(32, 3))
    return {
        "x": x,
        "y": x @ rng.normal(size=(3, 1)) + 1,
        "w": rng.normal(size=(1, 3)),
    }


def _torch_model(w):
    import torch

    model = torch.nn.Linear(3, 1, bias=False)
    model.load_state_dict({"weight": w}, assign=True)
    return model, torch.optim.SGD(model.parameters(), lr=0.125)


def _keras_model(w):
    import keras

    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(1, use_bias=False)],
    )
    model.set_weights([keras.ops.transpose(w)])
    model.compile(
        keras.optimizers.SGD(0.125),
        loss="mse",
        jit_compile=False,
    )
    return model


class FitLoss(Divergence):
    """The loss that fit reports for an epoch is the mean over its batches while the weights move.

    It is not the loss of the model that the epoch ends with, which a loop that evaluates afterwards prints.  In the
    first epochs it is far higher, and a training loss above the validation loss is no wonder.
    """

    name, apis = "FIT-LOSS", ("keras.Model.fit", "keras.Model.evaluate", "keras.callbacks.History")
    words = ("history loss", "epoch loss", "evaluate differs from fit", "validation loss lower than training loss")
    gap, units = 2.37, 4.3e7
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
        history = _keras_model(w).fit(
            x,
            y,
            batch_size=8,
            shuffle=False,
            verbose=0,
        )
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
    gap, units = 0.205, 3.9e6
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
        log = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]),
        )
        _keras_model(w).fit(
            x,
            y,
            batch_size=8,
            shuffle=False,
            verbose=0,
            callbacks=[log],
        )
        return losses

    def aligned_keras(x, y, w):
        import keras

        model = _keras_model(w)
        batches = zip(keras.ops.split(x, 4), keras.ops.split(y, 4))
        return [float(model.train_on_batch(*batch)) for batch in batches]


class FitWeight(Divergence):
    """Keras weighs a short last batch by its size; the mean of the batches' means in a loop does not.

    Twenty examples in batches of eight: the last four count for a third of a loop's mean.
    """

    name, apis = "FIT-WEIGHT", ("keras.Model.evaluate", "keras.Model.fit", "torch.utils.data.DataLoader")
    words = ("last batch", "uneven batch", "mean of means", "drop_last", "epoch loss", "validation loss differs")
    gap, units = 0.363, 5.9e6
    source = "keras/src/trainers/trainer.py, compute_loss: _loss_tracker.update_state, sample_weight"
    cure = "weigh by len(batch): sum(loss * len(batch)) / n"

    def inputs(rng):
        x = rng.normal(size=(20, 3))
        x[16:] *= 4
        return {
            "x": x,
            "y": x @ rng.normal(size=(3, 1)),
            "w": rng.normal(size=(1, 3)),
        }

    def torch(x, y, w):
        import torch

        model, _ = _torch_model(w)
        batches = zip(x.split(8), y.split(8))
        losses = [torch.nn.functional.mse_loss(model(x), y) for x, y in batches]
        return torch.stack(losses).mean()

    def keras(x, y, w):
        return _keras_model(w).evaluate(x, y, batch_size=8, verbose=0)

    def aligned_torch(x, y, w):
        import torch

        model, _ = _torch_model(w)
        losses = [
            torch.nn.functional.mse_loss(model(x), y) * len(x)
            for x, y in zip(x.split(8), y.split(8))
        ]  # fmt: skip
        return torch.stack(losses).sum() / len(x)


class FitReg(Divergence):
    """The loss that Keras reports has the penalties of the regularisers in it.

    So the losses of two regularised models cannot be compared, and a training loss does not go to zero.  torch's
    weight_decay acts on the gradient alone and is never seen.
    """

    name, apis = (
        "FIT-REG",
        (
            "keras.Model.fit",
            "keras.Model.evaluate",
            "keras.layers.Dense",
            "keras.regularizers.L2",
            "torch.optim.SGD",
        ),
    )
    words = (
        "regularizer in the loss",
        "loss does not go to zero",
        "kernel_regularizer",
        "weight_decay",
        "history loss",
    )
    gap, units = 0.991, 1.9e7
    arguments = ("weight_decay", "kernel_regularizer")
    source = "keras/src/trainers/trainer.py, compute_loss: self.losses; torch.optim.SGD, weight_decay"
    cure = 'a metric, metrics=["mse"], has no penalty; or add weight_decay / 2 * sum(w ** 2) in torch'

    inputs = _inputs

    def torch(x, y, w):
        import torch

        model, _ = _torch_model(w)
        return torch.nn.functional.mse_loss(model(x), y)

    def keras(x, y, w):
        import keras

        dense = keras.layers.Dense(
            1,
            use_bias=False,
            kernel_regularizer=keras.regularizers.L2(0.5),
        )
        model = keras.Sequential([keras.Input((3,)), dense])
        model.set_weights([keras.ops.transpose(w)])
        model.compile(loss="mse", jit_compile=False)
        return model.evaluate(x, y, verbose=0)

    def aligned_torch(x, y, w):
        import torch

        model, _ = _torch_model(w)
        loss = torch.nn.functional.mse_loss(model(x), y)
        return loss + 0.5 * model.weight.square().sum()


class FitSw(Divergence):
    """Keras divides a loss with sample weights by the size of the batch, not by the sum of the weights.

    Weights that do not average to 1 change the size of the loss, and with it the rate.  torch has none; a weighted mean
    by hand, or CrossEntropyLoss's weight, divides by their sum.
    """

    name = "FIT-SW"
    apis = ("keras.Model.fit", "keras.losses.MeanSquaredError", "torch.nn.CrossEntropyLoss", "torch.nn.MSELoss")
    words = ("sample_weight", "class_weight", "weighted mean", "loss too small")
    gap, units = 0.754, 1.8e7
    arguments = ("sample_weight", "class_weight", "weight")
    source = "keras/src/losses/loss.py, reduce_weighted_values; keras.losses.Loss, reduction"
    cure = 'reduction="mean_with_sample_weight"; or weights that average to 1'

    def inputs(rng):
        return {
            "p": rng.normal(size=(8, 3)),
            "y": rng.normal(size=(8, 3)),
            "weight": rng.uniform(0, 0.5, 8),
        }

    def torch(p, y, weight):
        return ((p - y).square().mean(1) * weight).sum() / weight.sum()

    def keras(p, y, weight):
        import keras

        return keras.losses.MeanSquaredError()(y, p, sample_weight=weight)

    def aligned_keras(p, y, weight):
        import keras

        return keras.losses.MeanSquaredError(
            reduction="mean_with_sample_weight",
        )(y, p, sample_weight=weight)
