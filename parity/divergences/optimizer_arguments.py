"""What an optimizer refuses."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import given, keras_steps, torch_steps


class OptValid(Divergence):
    """torch refuses a negative rate; Keras takes it, and climbs the loss.

    Nor does Keras refuse Nesterov's momentum without momentum, or an empty list of variables.
    """

    name, apis = "OPT-VALID", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("Invalid learning rate", "negative learning rate", "loss goes up", "validation of arguments")
    gap = float("inf")
    gives = {"keras": "float32 [4.48, 7.62, 4.83, 5.13]"}
    raises = {"torch": ("ValueError", "Invalid learning rate: -1.0")}
    source = "torch/optim/sgd.py, __init__; keras/src/optimizers/base_optimizer.py, __init__"
    cure = "check the rate yourself"
    unaligned = "Keras looks at no argument; a loss that is to be maximised has its sign changed in both"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=-1.0)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(-1.0), w, grads)


class OptValidNesterov(Divergence):
    """torch refuses Nesterov's momentum without a momentum; Keras takes it for plain SGD.

    nesterov=True with the momentum forgotten trains without either, and says nothing.
    """

    name, apis = "OPT-VALID-NESTEROV", ("torch.optim.SGD", "keras.optimizers.SGD")
    words = ("nesterov", "Nesterov momentum requires a momentum", "forgotten momentum")
    gap = float("inf")
    gives = {"keras": "float32 [-0.538, -0.925, -1.01, -0.431]"}
    raises = {"torch": ("ValueError", "Nesterov momentum requires a momentum and zero dampening")}
    source = "torch/optim/sgd.py, __init__; keras/src/optimizers/sgd.py, update_step"
    cure = "a momentum, or nesterov=False"

    inputs = given

    def torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.125, nesterov=True)

    def keras(w, grads):
        import keras

        return keras_steps(keras.optimizers.SGD(0.125, nesterov=True), w, grads)

    def aligned_torch(w, grads):
        import torch

        return torch_steps(torch.optim.SGD, w, grads, lr=0.125)


class OptReuse(Divergence):
    """A Keras optimizer belongs to the variables of its first step; torch's takes more.

    A second model needs an optimizer of its own, and so do layers that are added or unfrozen later.
    """

    name, apis = "OPT-REUSE", ("torch.optim.Optimizer.add_param_group", "keras.optimizers.Optimizer")
    words = ("Unknown variable", "recreate a new optimizer instance", "second model", "add_param_group", "unfreeze")
    gap = float("inf")
    gives = {"torch": "float32 [-0.0583, -0.263, 0.0658, 0.0697]"}
    raises = {"keras": ("ValueError", "Unknown variable.*only be called for the variables it was originally built")}
    source = "keras/src/optimizers/base_optimizer.py, _check_variables_are_known; torch.optim.Optimizer.add_param_group"
    cure = "a new optimizer; or optimizer.build(all_variables) before the first step"

    inputs = given

    def torch(w, grads):
        import torch

        first, second = torch.nn.Parameter(w), torch.nn.Parameter(w.clone())
        optimizer = torch.optim.SGD([first], lr=0.125)
        first.grad = grads[0]
        optimizer.step()
        optimizer.add_param_group({"params": [second]})
        second.grad = grads[1]
        optimizer.step()
        return second

    def keras(w, grads):
        import keras

        first, second = keras.Variable(w), keras.Variable(w)
        optimizer = keras.optimizers.SGD(0.125)
        optimizer.apply([grads[0]], [first])
        optimizer.apply([grads[1]], [second])
        return second

    def aligned_keras(w, grads):
        import keras

        first, second = keras.Variable(w), keras.Variable(w)
        optimizer = keras.optimizers.SGD(0.125)
        optimizer.build([first, second])
        optimizer.apply([grads[0]], [first])
        optimizer.apply([grads[1]], [second])
        return second
