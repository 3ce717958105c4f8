"""One model, and optimizers that do not take the same step."""

from functools import partial

import torch
from keras import optimizers

from parity.tests.gallery import Fault, Pair
from parity.tests.gallery.losses import CLASSES, LOGITS, X, classifier, keras_classifier

LOSS = (torch.nn.CrossEntropyLoss(), LOGITS)


def torch_adam(parameters, **options):
    return torch.optim.Adam(parameters, lr=1e-3, **options)


def keras_adam(parameters, **options):
    return optimizers.Adam(1e-3, **options)


def torch_sgd(parameters, **options):
    return torch.optim.SGD(parameters, momentum=0.9, **options)


def keras_sgd(parameters, **options):
    return optimizers.SGD(momentum=0.9, **options)


def steps(ours, theirs, *causes):
    faults = tuple(Fault(("step", "step"), cause, "step") for cause in causes)
    return {
        "torch_net": classifier,
        "keras_net": keras_classifier,
        "inputs": X,
        "loss": LOSS,
        "targets": CLASSES,
        "step": (ours, theirs),
        "train": True,
        "faults": faults,
    }


NESTEROV = partial(torch_sgd, lr=0.125, nesterov=True)

PAIRS = (
    Pair("sgd_nesterov", **steps(NESTEROV, partial(keras_sgd, learning_rate=0.125, nesterov=True))),
    Pair("sgd_nesterov_forgotten", **steps(NESTEROV, partial(keras_sgd, learning_rate=0.125), "OPT-MOM")),
    # It does not show in the first step.
    Pair(
        "sgd_momentum_forgotten",
        **steps(partial(torch_sgd, lr=0.125), lambda parameters: optimizers.SGD(0.125), "OPT-MOM"),
    ),
    Pair(
        "adam_betas_left_alone",
        **steps(
            partial(torch_adam, betas=(0.5, 0.99)), partial(keras_adam, epsilon=1e-8), "OPT-BETAS", "OPT-ADAM-EPSHAT"
        ),
    ),
    Pair("sgd_rate_left_alone", **steps(torch_sgd, keras_sgd, "OPT-LR-DEF")),
    # Both differences are there: the value of epsilon, and where it is added.
    Pair("adam_epsilon", **steps(torch_adam, keras_adam, "OPT-ADAM-EPS", "OPT-ADAM-EPSHAT")),
    Pair("adam_epsilon_place", **steps(torch_adam, partial(keras_adam, epsilon=1e-8), "OPT-ADAM-EPSHAT")),
    Pair(
        "adam_decay",
        **steps(
            partial(torch_adam, weight_decay=0.125, eps=2.0**-100),
            partial(keras_adam, weight_decay=0.125, epsilon=2.0**-100),
            "OPT-ADAM-WD",
        ),
    ),
    Pair(
        "adamw_decay_left_alone",
        **steps(
            lambda parameters: torch.optim.AdamW(parameters, lr=0.125, eps=2.0**-100),
            lambda parameters: optimizers.AdamW(0.125, epsilon=2.0**-100),
            "OPT-ADAMW-WD",
        ),
    ),
    Pair(
        "rmsprop_left_alone",
        **steps(
            lambda parameters: torch.optim.RMSprop(parameters, lr=1e-3, eps=2.0**-100),
            lambda parameters: optimizers.RMSprop(1e-3, epsilon=2.0**-100),
            "OPT-RMS-RHO",
        ),
    ),
)
