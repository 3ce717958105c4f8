"""Learning-rate schedules: the value is the rates, step by step."""

from parity.divergences.entry import Divergence


def torch_rates(schedule, lr=0.125, steps=12, **options):
    """The rates of a torch schedule that is stepped after each update."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = schedule(optimizer, **options)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return torch.tensor(rates)


def keras_rates(schedule, steps=12):
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
    gap, units = 0.70, 2e7
    source = (
        "torch.optim, How to adjust learning rate; keras/src/optimizers/base_optimizer.py, _get_current_learning_rate"
    )
    cure = "decay_steps = epochs * steps_per_epoch; or the callback LearningRateScheduler, once an epoch"

    def torch():
        import torch

        optimizer = torch.optim.SGD(
            [torch.zeros(1, requires_grad=True)],
            lr=0.125,
        )
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
        optimizer = keras.optimizers.SGD(
            keras.optimizers.schedules.ExponentialDecay(
                0.125,
                1,
                0.5,
                staircase=True,
            ),
        )
        rates = []
        for _batch in range(8):
            rates.append(optimizer.learning_rate)
            optimizer.apply([keras.ops.ones(1)], [w])
        return keras.ops.stack(rates)

    def aligned_keras():
        import keras

        w = keras.Variable([0.0])
        optimizer = keras.optimizers.SGD(
            keras.optimizers.schedules.ExponentialDecay(
                0.125,
                4,
                0.5,
                staircase=True,
            ),
        )
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
    gap, units = 0.245, 7.1e6
    source = "keras.optimizers.schedules.ExponentialDecay, staircase"
    cure = "staircase=True"

    def torch():
        import torch

        return torch_rates(
            torch.optim.lr_scheduler.StepLR,
            step_size=3,
            gamma=0.5,
        )

    def keras():
        import keras

        return keras_rates(
            keras.optimizers.schedules.ExponentialDecay(0.125, 3, 0.5),
        )

    def aligned_keras():
        import keras

        return keras_rates(
            keras.optimizers.schedules.ExponentialDecay(
                0.125,
                3,
                0.5,
                staircase=True,
            ),
        )


class LrMulti(Divergence):
    """MultiStepLR changes the rate at the boundary, PiecewiseConstantDecay one update after it.

    Keras's boundary is inclusive: the old rate holds while step <= boundary.  One update more at the high rate.
    """

    name = "LR-MULTI"
    apis = ("torch.optim.lr_scheduler.MultiStepLR", "keras.optimizers.schedules.PiecewiseConstantDecay")
    words = ("milestones", "boundaries", "off by one", "step decay", "learning rate schedule")
    gap, units = 0.431, 1.3e7
    source = "keras.optimizers.schedules.PiecewiseConstantDecay, call; torch.optim.lr_scheduler.MultiStepLR"
    cure = "boundaries = milestone - 1"

    def torch():
        import torch

        return torch_rates(
            torch.optim.lr_scheduler.MultiStepLR,
            milestones=[3, 6],
            gamma=0.25,
        )

    def keras():
        import keras

        rates = [2**-3, 2**-5, 2**-7]
        return keras_rates(
            keras.optimizers.schedules.PiecewiseConstantDecay([3, 6], rates),
        )

    def aligned_keras():
        import keras

        rates = [2**-3, 2**-5, 2**-7]
        return keras_rates(
            keras.optimizers.schedules.PiecewiseConstantDecay([2, 5], rates),
        )


class LrPoly(Divergence):
    """A polynomial decay ends at 0 in torch and at 0.0001 in Keras.

    With rates near 0.0001 Keras's does not fall at all, and below it rises.
    """

    name = "LR-POLY"
    apis = ("torch.optim.lr_scheduler.PolynomialLR", "keras.optimizers.schedules.PolynomialDecay")
    words = ("end_learning_rate", "linear decay", "polynomial decay", "warm-up and linear decay")
    gap, units = 0.143, 4.1e6
    source = "keras.optimizers.schedules.PolynomialDecay, end_learning_rate; torch.optim.lr_scheduler.PolynomialLR"
    cure = "end_learning_rate=0"

    def torch():
        import torch

        return torch_rates(
            torch.optim.lr_scheduler.PolynomialLR,
            lr=2**-10,
            total_iters=8,
        )

    def keras():
        import keras

        return keras_rates(
            keras.optimizers.schedules.PolynomialDecay(2**-10, 8),
        )

    def aligned_keras():
        import keras

        return keras_rates(
            keras.optimizers.schedules.PolynomialDecay(
                2**-10,
                8,
                end_learning_rate=0,
            ),
        )


class LrLinear(Divergence):
    """torch's linear warm-up starts at a third of the rate, Keras's at what it is told, mostly 0.

    LinearLR has start_factor = 1/3, and refuses 0.  Keras warms up inside CosineDecay, from initial_learning_rate to
    warmup_target; there is no such schedule alone.  With 0 the first update is without effect.
    """

    name = "LR-LINEAR"
    apis = ("torch.optim.lr_scheduler.LinearLR", "keras.optimizers.schedules.CosineDecay")
    words = ("warm-up", "warmup", "start_factor", "warmup_target", "warmup_steps", "linear warm-up")
    gap, units = 0.322, 9.4e6
    source = "torch.optim.lr_scheduler.LinearLR, start_factor; keras.optimizers.schedules.CosineDecay, warmup_target"
    cure = "initial_learning_rate = start_factor * lr"

    def torch():
        import torch

        return torch_rates(
            torch.optim.lr_scheduler.LinearLR,
            steps=8,
            total_iters=8,
        )

    def keras():
        import keras

        return keras_rates(_warm_up(keras, 0.0), steps=8)

    def aligned_keras():
        import keras

        return keras_rates(_warm_up(keras, 0.125 / 3), steps=8)


def _warm_up(keras, start):
    """From this rate to an eighth in eight updates."""
    return keras.optimizers.schedules.CosineDecay(
        start,
        100,
        warmup_target=0.125,
        warmup_steps=8,
    )
