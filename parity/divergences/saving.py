"""Saving and loading: what comes back, what is refused, and what is not noticed."""

from parity.divergences.entry import Divergence
from parity.divergences.steps import MOMENTUM


def _inputs(rng):
    return {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=(3, 3))}


class SaveExact(Divergence):
    """Weights and the optimizer's buffers come back from a file bit for bit, in torch and in Keras.

    torch saves them apart, as two state_dicts, and forgetting the optimizer's is the usual fault; Keras's .keras file
    has both.  The value is the weights after one step before the file, and one after.
    """

    name, apis = "SAVE-EXACT", ("torch.save", "torch.load", "keras.Model.save", "keras.saving.load_model")
    words = ("state_dict", "checkpoint", "resume training", ".keras", "load_model", "optimizer state")
    gap, equal = 0, True
    source = "torch tutorial: Saving and loading a general checkpoint; Keras guide: Save, serialize, and export models"
    cure = "nothing to align; in torch save the optimizer's state_dict too"

    inputs = _inputs

    def torch(x, w):
        import io

        import torch

        def made():
            model = torch.nn.Linear(3, 3, bias=False)
            return model, torch.optim.SGD(
                model.parameters(),
                lr=0.125,
                momentum=MOMENTUM,
            )

        def step(model, optimizer):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()

        model, optimizer = made()
        model.load_state_dict({"weight": w})
        step(model, optimizer)
        file = io.BytesIO()
        torch.save(
            {"model": model.state_dict(), "optimizer": optimizer.state_dict()},
            file,
        )
        file.seek(0)
        saved = torch.load(file)
        model, optimizer = made()
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step(model, optimizer)
        return model.weight.T

    def keras(x, w):
        import tempfile

        import keras

        zeros = keras.ops.zeros((4, 3))
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(3, use_bias=False)],
        )
        model.set_weights([keras.ops.transpose(w)])
        model.compile(
            keras.optimizers.SGD(0.125, momentum=MOMENTUM),
            loss="mse",
            jit_compile=False,
        )
        model.train_on_batch(x, zeros)
        with tempfile.TemporaryDirectory() as folder:
            model.save(f"{folder}/model.keras")
            model = keras.saving.load_model(f"{folder}/model.keras")
        model.train_on_batch(x, zeros)
        return model.weights[0]


class SaveWonly(Divergence):
    """torch.load refuses a whole module since torch 2.6, since unpickling runs code.

    weights_only=True is the default; a file that was written with torch.save(model) raises.  Keras's load_model takes a
    whole model, and refuses lambdas alone.
    """

    name, apis = "SAVE-WONLY", ("torch.load", "torch.save", "keras.saving.load_model")
    words = ("UnpicklingError", "weights_only", "Weights only load failed", "old checkpoint", "pickle")
    gap = float("inf")
    gives = {"keras": "float32 (4, 3): -1.68, 1.13, 1.75, ...; rms 2.17"}
    raises = {"torch": ("UnpicklingError", "Weights only load failed")}
    source = "torch.load, weights_only; keras.saving.load_model, safe_mode"
    cure = "save the state_dict; weights_only=False for a file that one trusts"

    inputs = _inputs

    def torch(x, w):
        return _torch_loaded(w)(x)

    def keras(x, w):
        import tempfile

        import keras

        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(3, use_bias=False)],
        )
        model.set_weights([keras.ops.transpose(w)])
        with tempfile.TemporaryDirectory() as folder:
            model.save(f"{folder}/model.keras")
            return keras.saving.load_model(f"{folder}/model.keras")(x)

    def aligned_torch(x, w):
        return _torch_loaded(w, weights_only=False)(x)


def _torch_loaded(w, **options):
    """A linear layer that was saved whole, and is loaded."""
    import io

    import torch

    model = torch.nn.Linear(3, 3, bias=False)
    model.load_state_dict({"weight": w})
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, **options)


class SaveSquare(Divergence):
    """A square matrix that was not transposed loads without an error.

    torch's weight is (out, in), Keras's kernel (in, out).  Any other shape raises; a square one, such as
    attention's or a recurrent layer's, computes something else.
    """

    name, apis = "SAVE-SQUARE", ("torch.nn.Linear", "keras.layers.Dense", "keras.layers.Layer.set_weights")
    words = ("transpose", "square kernel", "convert weights", "load_state_dict", "set_weights", "silent")
    gap, units = 0.471, 7.7e6
    source = "torch.nn.Linear, Variables; keras/src/layers/core/dense.py, build"
    cure = "transpose always, and compare outputs"

    inputs = _inputs

    def torch(x, w):
        import torch

        model = torch.nn.Linear(3, 3, bias=False)
        model.load_state_dict({"weight": w}, assign=True)
        return model(x)

    def keras(x, w):
        return _dense(w)(x)

    def aligned_keras(x, w):
        import keras

        return _dense(keras.ops.transpose(w))(x)


def _dense(kernel):
    import keras

    layer = keras.layers.Dense(3, use_bias=False)
    layer.build((None, 3))
    layer.set_weights([kernel])
    return layer


class SaveBn(Divergence):
    """Keras lists batch normalisation's weights scale, shift, mean, variance; a torch state_dict ends with a counter.

    num_batches_tracked is an integer that Keras has no place for.  A loop over both lists is off by one from the second
    normalisation on.  The value is the number of tensors.
    """

    name = "SAVE-BN"
    apis = ("torch.nn.Module.state_dict", "torch.nn.BatchNorm2d", "keras.layers.BatchNormalization")
    words = ("num_batches_tracked", "state_dict", "get_weights", "convert weights", "number of tensors")
    gap = 0.2
    source = "torch/nn/modules/batchnorm.py, _NormBase; keras/src/layers/normalization/batch_normalization.py, build"
    cure = "leave num_batches_tracked out"

    def torch():
        import torch

        return len(torch.nn.BatchNorm2d(4).state_dict())

    def keras():
        import keras

        layer = keras.layers.BatchNormalization()
        layer.build((None, 8, 8, 4))
        return len(layer.get_weights())

    def aligned_torch():
        import torch

        names = torch.nn.BatchNorm2d(4).state_dict()
        return len([name for name in names if name != "num_batches_tracked"])
