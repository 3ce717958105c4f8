"""Reducing the rate when the loss no longer falls: the value is the rate after each epoch."""

from parity.divergences.entry import Divergence

FLAT = (2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)  # the best is the second
SLOW = tuple(100 - 0.001 * epoch for epoch in range(12))  # falls by 1e-5 of itself


def _torch_rates(losses, **options):
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.125)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        factor=0.5,
        **options,
    )
    rates = []
    for loss in losses:
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    return torch.tensor(rates)


def _keras_rates(losses, **options):
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.125))
    callback = keras.callbacks.ReduceLROnPlateau(
        monitor="loss",
        factor=0.5,
        **options,
    )
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": loss})
        rates.append(float(model.optimizer.learning_rate))
    return rates


class LrPlateauPat(Divergence):
    """torch waits one epoch longer than its patience says, Keras as long as it says.

    torch reduces when more than `patience` epochs were bad, Keras when as many were.  It is off by one at each
    reduction.
    """

    name = "LR-PLATEAU-PAT"
    apis = ("torch.optim.lr_scheduler.ReduceLROnPlateau", "keras.callbacks.ReduceLROnPlateau")
    words = ("patience", "off by one", "reduce on plateau", "ReduceLROnPlateau")
    gap, units = 0.289, 8.4e6
    source = "torch/optim/lr_scheduler.py, ReduceLROnPlateau.step; keras/src/callbacks/reduce_lr_on_plateau.py"
    cure = "patience in Keras = patience in torch + 1"

    def torch():
        return _torch_rates(FLAT, patience=2)

    def keras():
        return _keras_rates(FLAT, patience=2)

    def aligned_keras():
        return _keras_rates(FLAT, patience=3)

    def recognise(a, b):
        return a.patience + 1 != b.patience

    def pair():
        import keras
        import torch

        optimizer = torch.optim.SGD([torch.zeros(1)])
        return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer), keras.callbacks.ReduceLROnPlateau()

    def aligned_pair():
        import keras
        import torch

        optimizer = torch.optim.SGD([torch.zeros(1)])
        return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer), keras.callbacks.ReduceLROnPlateau(patience=11)


class LrPlateauThr(Divergence):
    """torch asks for a relative improvement of 1e-4, Keras for an absolute one.

    A loss of 100 that falls by 0.001 an epoch is a plateau for torch and progress for Keras; a loss of 0.01 the other
    way round.
    """

    name = "LR-PLATEAU-THR"
    apis = ("torch.optim.lr_scheduler.ReduceLROnPlateau", "keras.callbacks.ReduceLROnPlateau")
    words = ("threshold", "threshold_mode", "min_delta", "reduce on plateau", "rate falls too early")
    gap, units = 1.6, 4.6e7
    source = "torch.optim.lr_scheduler.ReduceLROnPlateau, threshold_mode; keras.callbacks.ReduceLROnPlateau, min_delta"
    cure = 'threshold_mode="abs"'

    def torch():
        return _torch_rates(SLOW, patience=1)

    def keras():
        return _keras_rates(SLOW, patience=2)

    def aligned_torch():
        return _torch_rates(SLOW, patience=1, threshold_mode="abs")

    def recognise(a, b):
        return a.threshold_mode != "abs" or abs(a.threshold - b.min_delta) > 1e-12

    def pair():
        import keras
        import torch

        optimizer = torch.optim.SGD([torch.zeros(1)])
        return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer), keras.callbacks.ReduceLROnPlateau()

    def aligned_pair():
        import keras
        import torch

        optimizer = torch.optim.SGD([torch.zeros(1)])
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, threshold_mode="abs")
        return scheduler, keras.callbacks.ReduceLROnPlateau()
