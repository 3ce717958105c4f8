"""What mends an optimizer of its difference, by the catalogue's entries."""

import itertools
from collections.abc import Callable
from typing import Any

BELOW = 2.0**-100  # an epsilon below rounding, wherever it is added


def _same(name: str, own: str) -> Callable[[Any, Any], None]:
    """Keras's setting `own` as torch's `name`."""
    return lambda first, second: setattr(second, own, first.defaults[name])


def _betas(first: Any, second: Any) -> None:
    second.beta_1, second.beta_2 = first.defaults["betas"]


def _momentum(first: Any, second: Any) -> None:
    second.momentum, second.nesterov = first.defaults["momentum"], bool(first.defaults["nesterov"])


def _before_correction(first: Any, second: Any) -> None:
    """Of every step t: eps · √(1 - β₂ᵗ) before the bias correction is eps after it."""
    eps, apply, steps = second.epsilon, second.apply, itertools.count(1)

    def corrected(grads: Any, variables: Any) -> None:
        second.epsilon = eps * (1 - second.beta_2 ** next(steps)) ** 0.5
        apply(grads, variables)

    second.apply = corrected


def _in_the_gradient(first: Any, second: Any) -> None:
    """The decay is added to the gradient and not taken from the weight."""
    decay, apply, second.weight_decay = first.defaults["weight_decay"], second.apply, None
    second.apply = lambda grads, variables: apply([g + decay * v.value for g, v in zip(grads, variables)], variables)


def _no_epsilon(optimizer: Any) -> None:
    """An epsilon below rounding, whose place does not matter."""
    if hasattr(optimizer, "param_groups"):
        for group in optimizer.param_groups:
            group["eps"] = BELOW
    else:
        optimizer.epsilon = BELOW


# The cures that can be put on a Keras optimizer, in the order in which they are put, and those for both optimizers.
CURES: dict[str, Callable[[Any, Any], None]] = {
    "OPT-LR-DEF": _same("lr", "learning_rate"),
    "OPT-LR-DEF-ADAPTIVE": _same("lr", "learning_rate"),
    "OPT-LR-DEF-ADADELTA": _same("lr", "learning_rate"),
    "OPT-MOM": _momentum,
    "OPT-BETAS": _betas,
    "OPT-RMS-RHO": _same("alpha", "rho"),
    "OPT-ADAMW-WD": _same("weight_decay", "weight_decay"),
    "OPT-ADAM-WD": _in_the_gradient,
    "OPT-SGD-WD": _in_the_gradient,
    "OPT-WD-ADAPTIVE": _in_the_gradient,
    "OPT-ADAM-EPS": _same("eps", "epsilon"),
    "OPT-ADAM-EPSHAT": _before_correction,
}
BOTH: dict[str, Callable[[Any], None]] = dict.fromkeys(("OPT-RMS-EPS", "OPT-ADAGRAD-EPS", "OPT-ADAMAX"), _no_epsilon)
