"""Cosine schedules: their floor, what follows their end, and restarts."""

from parity.divergences.entry import Divergence
from parity.divergences.schedules import keras_rates, torch_rates


class LrCosMin(Divergence):
    """A cosine schedule's floor is a rate in torch and a fraction of the initial rate in Keras.

    eta_min = 0.01 copied as alpha = 0.01 ends at 0.01 lr.
    """

    name = "LR-COS-MIN"
    apis = ("torch.optim.lr_scheduler.CosineAnnealingLR", "keras.optimizers.schedules.CosineDecay")
    words = ("eta_min", "alpha", "cosine annealing", "minimum learning rate", "floor")
    gap, units = 0.105, 3e6
    arguments = ("eta_min", "alpha")
    source = "keras.optimizers.schedules.CosineDecay, alpha; torch.optim.lr_scheduler.CosineAnnealingLR, eta_min"
    cure = "alpha = eta_min / lr"

    def torch():
        import torch

        return torch_rates(
            torch.optim.lr_scheduler.CosineAnnealingLR,
            T_max=11,
            eta_min=2**-6,
        )

    def keras():
        import keras

        return keras_rates(
            keras.optimizers.schedules.CosineDecay(0.125, 11, alpha=2**-6),
        )

    def aligned_keras():
        import keras

        return keras_rates(
            keras.optimizers.schedules.CosineDecay(
                0.125,
                11,
                alpha=2**-6 / 0.125,
            ),
        )


class LrCosPeriod(Divergence):
    """After its last step torch's cosine climbs again, and Keras's stays at the floor.

    CosineAnnealingLR is periodic with 2 T_max.  A training that goes on for more epochs than T_max, or a scheduler that
    is stepped at each batch, is back at the full rate.
    """

    name = "LR-COS-PERIOD"
    apis = ("torch.optim.lr_scheduler.CosineAnnealingLR", "keras.optimizers.schedules.CosineDecay")
    words = ("T_max", "cosine annealing", "decay_steps", "learning rate rises again", "loss rises at the end")
    gap, units = 0.521, 1.5e7
    source = "torch.optim.lr_scheduler.CosineAnnealingLR; keras/src/optimizers/schedules/learning_rate_schedule.py"
    cure = "stop stepping the scheduler after T_max"

    def torch():
        import torch

        return torch_rates(
            torch.optim.lr_scheduler.CosineAnnealingLR,
            T_max=6,
            eta_min=2**-6,
        )

    def keras():
        import keras

        return keras_rates(
            keras.optimizers.schedules.CosineDecay(0.125, 6, alpha=2**-3),
        )

    def aligned_torch():
        import torch

        rates = torch_rates(
            torch.optim.lr_scheduler.CosineAnnealingLR,
            steps=7,
            T_max=6,
            eta_min=2**-6,
        )
        return torch.cat([rates, rates[-1:].expand(5)])


class LrRestarts(Divergence):
    """Cosine annealing with warm restarts is the same in torch and Keras, each period twice as long as the last.

    T_mult = 2 in torch is Keras's default t_mul.  torch's own default is 1, so the option must be given.
    """

    name = "LR-RESTARTS"
    apis = (
        "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
        "keras.optimizers.schedules.CosineDecayRestarts",
    )
    words = ("SGDR", "warm restarts", "T_mult", "t_mul", "cosine annealing")
    gap, equal = 0, True
    source = "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts; keras.optimizers.schedules.CosineDecayRestarts"
    cure = "nothing to align once T_mult=2 is given"

    def torch():
        import torch

        return torch_rates(
            torch.optim.lr_scheduler.CosineAnnealingWarmRestarts,
            T_0=4,
            T_mult=2,
        )

    def keras():
        import keras

        return keras_rates(
            keras.optimizers.schedules.CosineDecayRestarts(0.125, 4),
        )
