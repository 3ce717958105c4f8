"""NAdam and Adamax: how momentum is scheduled, and where epsilon stands."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import BELOW_ROUNDING, BETAS, LR, given, keras_steps, torch_steps


class OptNadam(Divergence):
    """NAdam's momentum rises at another pace: torch's factor is 0.96^(0.004 t), Keras's 0.96^t.

    μₜ = β₁ (1 - 0.96^(tψ)/2) with ψ = 0.004 in the paper and in torch.  Keras has no ψ, so its momentum is near
    β₁ after a hundred steps where the paper's needs 25,000.  It looks like an upstream bug: a term is missing.
    """

    name, apis = "OPT-NADAM", ("torch.optim.NAdam", "keras.optimizers.Nadam")
    words = ("momentum_decay", "schedule_decay", "psi", "Dozat", "Nadam differs", "upstream bug")
    gap, units = 0.0258, 7e5
    source = "torch.optim.NAdam; keras/src/optimizers/nadam.py, update_step"
    cure = "torch.optim.NAdam(momentum_decay=1); Keras has no switch"
    script = """
        import keras

        gradients = [1.0, -2.0, 3.0, 0.5]
        weight = keras.Variable([0.0])
        nadam = keras.optimizers.Nadam(learning_rate=1.0, epsilon=0.0)
        for gradient in gradients:
            nadam.apply([keras.ops.convert_to_tensor([gradient])], [weight])

        w, m, v, product = 0.0, 0.0, 0.0, 1.0  # Dozat 2016, psi = 0.004
        for t, gradient in enumerate(gradients, 1):
            now = 0.9 * (1 - 0.5 * 0.96 ** (0.004 * t))
            following = 0.9 * (1 - 0.5 * 0.96 ** (0.004 * (t + 1)))
            product *= now
            m = 0.9 * m + 0.1 * gradient
            v = 0.999 * v + 0.001 * gradient**2
            step = following * m / (1 - product * following)
            step += (1 - now) * gradient / (1 - product)
            w -= step / (v / (1 - 0.999**t)) ** 0.5
        found = float(weight[0])
        assert abs(found - w) < 1e-4, f"{found} is not the paper's {w}"
    """

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.NAdam,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=BELOW_ROUNDING,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Nadam(LR, *BETAS, epsilon=BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.NAdam,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=BELOW_ROUNDING,
            momentum_decay=1,
        )

    def recognise(a, b):
        return a.defaults["momentum_decay"] != 1

    def pair():
        import keras
        import torch

        return torch.optim.NAdam([torch.zeros(1)]), keras.optimizers.Nadam()

    def aligned_pair():
        import keras
        import torch

        return torch.optim.NAdam([torch.zeros(1)], momentum_decay=1), keras.optimizers.Nadam()


class OptAdamax(Divergence):
    """torch adds Adamax's epsilon to the gradient that enters the maximum, Keras to the denominator.

    u ← max(βu, |g| + ε) against m/(u + ε).  It is seen where gradients are as small as epsilon.  The defaults differ
    too: 1e-8 in torch, 1e-7 in Keras.
    """

    name, apis = "OPT-ADAMAX", ("torch.optim.Adamax", "keras.optimizers.Adamax")
    words = ("epsilon", "eps", "infinity norm", "small gradients", "Adamax differs")
    gap, units = 0.000555, 1.5e4
    source = "torch.optim.Adamax; keras/src/optimizers/adamax.py, update_step"
    cure = "an epsilon below rounding in both, such as 2**-100"

    def inputs(rng):
        return given(rng, scale=1e-8)

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adamax,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=1e-8,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adamax(LR, *BETAS, epsilon=1e-8)
        return keras_steps(optimizer, w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adamax,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=BELOW_ROUNDING,
        )

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adamax(LR, *BETAS, epsilon=BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)

    def recognise(a, b):
        return max(a.defaults["eps"], b.epsilon) > 1e-20

    def pair():
        import keras
        import torch

        return torch.optim.Adamax([torch.zeros(1)]), keras.optimizers.Adamax()

    def aligned_pair():
        import keras
        import torch

        made = torch.optim.Adamax([torch.zeros(1)], eps=BELOW_ROUNDING)
        return made, keras.optimizers.Adamax(epsilon=BELOW_ROUNDING)
