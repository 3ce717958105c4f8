"""Learning-rate schedules: the value is the rates, step by step."""

from parity.divergences.entry import Divergence


def _torch_rates(schedule, lr=0.125, steps=12, **options):
    """The rates that a torch schedule gives when it is stepped after each update."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = schedule(optimizer, **options)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return torch.tensor(rates)


def _keras_rates(schedule, steps=12):
    """The rates of a Keras schedule, a function of the count of updates."""
    import keras

    return keras.ops.stack([schedule(step) for step in range(steps)])


class LrUnit(Divergence):
    """Keras advances a schedule at every update; a torch scheduler advances when you call it, mostly once an epoch.

    Numbers copied from torch make Keras's rate fall as many times faster as there are batches in an epoch.  Here two
    epochs of four batches.
    """

    name = "LR-UNIT"
    apis = ("torch.optim.lr_scheduler.ExponentialLR", "keras.optimizers.schedules.ExponentialDecay")
    words = (
        "scheduler step",
        "steps per epoch",
        "learning rate falls too fast",
        "decay_steps",
        "LearningRateScheduler",
    )
    gap = 0.70
    source = (
        "torch.optim, How to adjust learning rate; keras/src/optimizers/base_optimizer.py, _get_current_learning_rate"
    )
    cure = "decay_steps = epochs * steps_per_epoch; or the callback LearningRateScheduler, once an epoch"

    def torch():
        import torch

        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.125)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        rates = []
        for _epoch in range(2):
            for _batch in range(4):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
            scheduler.step()
        return torch.tensor(rates)

    def keras():
        import keras

        w = keras.Variable([0.0])
        optimizer = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.125, 1, 0.5, staircase=True))
        rates = []
        for _batch in range(8):
            rates.append(optimizer.learning_rate)
            optimizer.apply([keras.ops.ones(1)], [w])
        return keras.ops.stack(rates)

    def aligned_keras():
        import keras

        w = keras.Variable([0.0])
        optimizer = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.125, 4, 0.5, staircase=True))
        rates = []
        for _batch in range(8):
            rates.append(optimizer.learning_rate)
            optimizer.apply([keras.ops.ones(1)], [w])
        return keras.ops.stack(rates)


class LrStep(Divergence):
    """StepLR is a staircase; ExponentialDecay with the same numbers is smooth.

    Keras's rate is lower from the first update on, up to a whole step.
    """

    name = "LR-STEP"
    apis = ("torch.optim.lr_scheduler.StepLR", "keras.optimizers.schedules.ExponentialDecay")
    words = ("staircase", "step decay", "learning rate schedule", "gamma")
    gap = 0.245
    source = "keras.optimizers.schedules.ExponentialDecay, staircase"
    cure = "staircase=True"

    def torch():
        import torch

        return _torch_rates(torch.optim.lr_scheduler.StepLR, step_size=3, gamma=0.5)

    def keras():
        import keras

        return _keras_rates(keras.optimizers.schedules.ExponentialDecay(0.125, 3, 0.5))

    def aligned_keras():
        import keras

        return _keras_rates(keras.optimizers.schedules.ExponentialDecay(0.125, 3, 0.5, staircase=True))


class LrCosMin(Divergence):
    """A cosine schedule's floor is a rate in torch and a fraction of the initial rate in Keras.

    eta_min = 0.01 copied as alpha = 0.01 ends at 0.01 lr.
    """

    name = "LR-COS-MIN"
    apis = ("torch.optim.lr_scheduler.CosineAnnealingLR", "keras.optimizers.schedules.CosineDecay")
    words = ("eta_min", "alpha", "cosine annealing", "minimum learning rate", "floor")
    gap = 0.105
    source = "keras.optimizers.schedules.CosineDecay, alpha; torch.optim.lr_scheduler.CosineAnnealingLR, eta_min"
    cure = "alpha = eta_min / lr"

    def torch():
        import torch

        return _torch_rates(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=11, eta_min=2**-6)

    def keras():
        import keras

        return _keras_rates(keras.optimizers.schedules.CosineDecay(0.125, 11, alpha=2**-6))

    def aligned_keras():
        import keras

        return _keras_rates(keras.optimizers.schedules.CosineDecay(0.125, 11, alpha=2**-6 / 0.125))
