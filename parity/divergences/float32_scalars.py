"""What Keras's optimizers keep in float32, in float64 models too."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import BELOW_ROUNDING, BETAS, LR, MOMENTUM, given, keras_steps, torch_steps


class OptAdamF32beta(Divergence):
    """Keras rounds Adam's betas to float32 before it takes 1 - βᵗ, in float64 models too.

    1 - 0.999 loses the leading digits: it is 1.3e-5 off, and every early update is off by half of that.  float64 does
    not help, nor does keras.config.set_floatx("float64").
    """

    name, apis = "OPT-ADAM-F32BETA", ("keras.optimizers.Adam", "torch.optim.Adam")
    words = ("float64 optimizer", "beta_2", "0.999", "double precision", "Adam differs slightly", "upstream bug")
    dtype, gap, units = "float64", 6.6e-6, 1e11
    source = "keras/src/optimizers/adam.py, update_step: ops.cast(self.beta_2)"
    cure = "betas that float32 holds exactly: 0.875, 1 - 2**-10"
    script = """
        import keras

        weight = keras.Variable([0.0], dtype="float64")
        adam = keras.optimizers.Adam(learning_rate=1.0, epsilon=0.0)
        adam.apply([keras.ops.ones(1, "float64")], [weight])
        error = abs(float(weight[0]) + 1)  # Adam's first step is its rate
        assert error < 1e-12, f"the first step is off by {error}"
    """

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adam,
            w,
            grads,
            lr=LR,
            betas=(0.9, 0.999),
            eps=BELOW_ROUNDING,
        )

    def keras(w, grads):
        import keras

        return keras_steps(
            keras.optimizers.Adam(LR, 0.9, 0.999, epsilon=BELOW_ROUNDING),
            w,
            grads,
        )

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adam,
            w,
            grads,
            lr=LR,
            betas=BETAS,
            eps=BELOW_ROUNDING,
        )

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adam(LR, *BETAS, epsilon=BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)


class OptF64Lr(Divergence):
    """Keras keeps the learning rate in float32, also for float64 weights.

    0.1 is 1.5e-8 off, and so is every step.  A float64 comparison ends there.
    """

    name, apis = "OPT-F64-LR", ("keras.optimizers.Optimizer", "torch.optim.SGD")
    words = ("float64 learning rate", "double precision", "floatx", "differs by 1e-8", "upstream bug")
    dtype, gap, units = "float64", 1.5e-8, 2.1e8
    source = "keras/src/optimizers/base_optimizer.py, __init__: learning_rate"
    cure = 'a power of two; or keras.config.set_floatx("float64") for the whole run'
    script = """
        import keras

        weight = keras.Variable([0.0], dtype="float64")
        sgd = keras.optimizers.SGD(learning_rate=0.1)
        sgd.apply([keras.ops.ones(1, "float64")], [weight])
        assert float(weight[0]) == -0.1, f"{float(weight[0])} is not -0.1"
    """

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.1)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.1), w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.125)

    def aligned_keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.125), w, grads)


class OptF64Mom(Divergence):
    """Keras takes the momentum through float32, also for float64 weights.

    0.9 is 2.6e-8 off, and the error adds up along the buffer.  keras.config.set_floatx("float64") does not help.
    """

    name, apis = "OPT-F64-MOM", ("keras.optimizers.SGD", "torch.optim.SGD")
    words = ("float64 momentum", "double precision", "differs by 1e-7", "upstream bug")
    dtype, gap, units = "float64", 5.9e-8, 7.6e8
    source = "keras/src/optimizers/sgd.py, update_step: ops.cast(self.momentum)"
    cure = "a momentum that float32 holds exactly: 0.875"
    script = """
        import keras

        weight = keras.Variable([0.0], dtype="float64")
        sgd = keras.optimizers.SGD(learning_rate=1.0, momentum=0.9)
        for _ in range(2):
            sgd.apply([keras.ops.ones(1, "float64")], [weight])
        assert float(weight[0]) == -2.9, f"{float(weight[0])} is not -2.9"
    """

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.125, momentum=0.9)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.125, momentum=0.9), w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            momentum=MOMENTUM,
        )

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, momentum=MOMENTUM)
        return keras_steps(optimizer, w, grads)


class OptF64Wd(Divergence):
    """Keras takes the weight decay through float32, also for float64 weights.

    0.1 is 1.5e-8 off, and the decay with it.  It looks like an upstream bug, as the momentum's way does (OPT-F64-MOM).
    """

    name, apis = "OPT-F64-WD", ("keras.optimizers.SGD", "keras.optimizers.AdamW", "torch.optim.SGD")
    words = ("float64 weight decay", "weight_decay", "double precision", "differs by 1e-9", "upstream bug")
    dtype, gap, units = "float64", 1.86e-9, 2e7
    source = "keras/src/optimizers/base_optimizer.py, _apply_weight_decay: ops.cast(self.weight_decay)"
    cure = "a decay that float32 holds exactly: 0.125"
    script = """
        import keras

        weight = keras.Variable([1.0], dtype="float64")
        sgd = keras.optimizers.SGD(learning_rate=1.0, weight_decay=0.1)
        sgd.apply([keras.ops.zeros(1, "float64")], [weight])
        assert float(weight[0]) == 0.9, f"{float(weight[0])} is not 0.9"
    """

    def inputs(rng):
        return {"w": rng.normal(2, 1, 4), "grads": rng.normal(0, 1, (10, 4))}

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            weight_decay=0.1,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, weight_decay=0.1)
        return keras_steps(optimizer, w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.SGD,
            w,
            grads,
            lr=0.125,
            weight_decay=0.125,
        )

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.SGD(0.125, weight_decay=0.125)
        return keras_steps(optimizer, w, grads)


class OptF64Acc(Divergence):
    """Keras's Adagrad starts from an accumulator that was rounded to float32, also for float64 weights.

    Its default, 0.1, is 1.5e-8 off.
    """

    name, apis = "OPT-F64-ACC", ("keras.optimizers.Adagrad", "torch.optim.Adagrad")
    words = ("initial_accumulator_value", "double precision", "differs by 1e-9", "upstream bug")
    dtype, gap, units = "float64", 7.2e-10, 1.1e7
    source = "keras/src/optimizers/adagrad.py, build; keras/src/initializers/constant_initializers.py"
    cure = "an accumulator that float32 holds exactly: 0.125"
    script = """
        import keras

        weight = keras.Variable([0.0], dtype="float64")
        adagrad = keras.optimizers.Adagrad(initial_accumulator_value=0.1)
        adagrad.build([weight])
        start = float(adagrad.variables[-1][0])
        assert start == 0.1, f"the accumulator starts at {start}, not 0.1"
    """

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adagrad,
            w,
            grads,
            lr=LR,
            initial_accumulator_value=0.1,
            eps=BELOW_ROUNDING,
        )

    def keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adagrad(LR, 0.1, BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.Adagrad,
            w,
            grads,
            lr=LR,
            initial_accumulator_value=0.125,
            eps=BELOW_ROUNDING,
        )

    def aligned_keras(w, grads):
        import keras

        optimizer = keras.optimizers.Adagrad(LR, 0.125, BELOW_ROUNDING)
        return keras_steps(optimizer, w, grads)


class OptF64Rho(Divergence):
    """RMSprop's and Adadelta's rho stays in double precision in Keras, unlike betas and momentum.

    It is multiplied as it is, and not cast first, so float64 weights get all of 0.9.
    """

    name, apis = "OPT-F64-RHO", ("keras.optimizers.RMSprop", "keras.optimizers.Adadelta", "torch.optim.RMSprop")
    words = ("rho", "float64 optimizer", "double precision")
    dtype, gap, equal = "float64", 0, True
    source = "keras/src/optimizers/rmsprop.py, update_step; keras/src/optimizers/adadelta.py, update_step"
    cure = "nothing to align"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(
            torch.optim.RMSprop,
            w,
            grads,
            lr=LR,
            alpha=0.9,
            eps=BELOW_ROUNDING,
        )

    def keras(w, grads):
        import keras

        return keras_steps(
            keras.optimizers.RMSprop(LR, rho=0.9, epsilon=BELOW_ROUNDING),
            w,
            grads,
        )
