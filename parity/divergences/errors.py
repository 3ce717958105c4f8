"""What one framework refuses and the other does."""

import numpy as np

from parity.divergences.entry import Divergence


def _fitted(*, compiled):
    """The kernel of a Keras layer after one step on ones, from ones."""
    import keras

    model = keras.Sequential(
        [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")],
    )
    if compiled:
        model.compile(keras.optimizers.SGD(0.125), "mse")
    model.fit(
        np.ones((4, 3)),
        np.zeros((4, 1)),
        batch_size=4,
        shuffle=False,
        verbose=0,
    )
    return model.get_weights()[0][:, 0]


def _trained_on(x, y):
    """The shape of x, after a Keras model was trained on it."""
    import keras

    model = keras.Sequential(
        [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")],
    )
    model.compile("sgd", "mse")
    model.fit(x, y, shuffle=False, verbose=0)
    return x.shape


class Device(Divergence):
    """torch refuses to compute with tensors on two devices; TensorFlow copies them as needed.

    A forgotten .to(device) is an error in torch, and in TensorFlow a slow program.  The second device here is the GPU;
    without one torch's meta device stands for it, and TensorFlow has nothing to copy.  Not every operation looks: in
    torch 2.13 the product `x @ w` of a tensor on the CPU and one on meta returns memory that nobody wrote.
    """

    name, apis = "DEVICE", ("torch.Tensor.to", "torch.nn.Module.to", "tf.device")
    words = ("cuda", "gpu", "same device", "forgotten .to", "Expected all tensors to be on the same device")
    gap = float("inf")
    gives = {"tf": "float32 (2, 4): -1.62, -1.67, -4.94, ...; rms 2.52"}
    raises = {"torch": ("RuntimeError", "same device|not on the expected device")}
    source = "torch, Note: CUDA semantics; TensorFlow guide: Use a GPU"
    cure = "model.to(device) and batch.to(device)"

    def inputs(rng):
        return {
            "x": rng.normal(size=(2, 3)),
            "w": rng.normal(size=(4, 3)),
            "b": rng.normal(size=4),
        }

    def torch(x, w, b):
        import torch

        elsewhere = "cuda" if torch.cuda.is_available() else "meta"
        return torch.nn.functional.linear(x, w.to(elsewhere), b.to(elsewhere))

    def tf(x, w, b):
        import tensorflow as tf

        with tf.device(
            "GPU:0" if tf.config.list_physical_devices("GPU") else "CPU:0",
        ):
            w, b = tf.identity(w), tf.identity(b)
        with tf.device("CPU:0"):
            return tf.matmul(x, w, transpose_b=True) + b

    def aligned_torch(x, w, b):
        import torch

        return torch.nn.functional.linear(x, w.to(x.device), b.to(x.device))


class ErrWidth(Divergence):
    """An input of the wrong width is an error in each, with its own class and words.

    torch and Keras name the layer's numbers in different order; Keras looks before it multiplies.  A test that
    expects one of them breaks in a port.
    """

    name, apis = "ERR-WIDTH", ("torch.nn.Linear", "keras.layers.Dense", "tf.matmul", "numpy.matmul")
    words = (
        "mat1 and mat2 shapes cannot be multiplied",
        "expected axis -1 of input shape to have value",
        "Matrix size-incompatible",
        "mismatch in its core dimension 0",
    )
    gap = float("inf")
    raises = {
        "torch": ("RuntimeError", r"mat1 and mat2 shapes cannot be multiplied \(4x2 and 3x1\)"),
        "keras": ("ValueError", "expected axis -1 of input shape to have value 3"),
        "tf": ("InvalidArgumentError", r"Matrix size-incompatible: In\[0\]: \[4,2\], In\[1\]: \[3,1\]"),
        "numpy": ("ValueError", "mismatch in its core dimension 0"),
    }
    source = "torch.nn.Linear; keras/src/layers/input_spec.py"
    cure = "look at the shape that the message names: in_features is wrong, or the flattening before"
    unaligned = "all refuse it; a test names the class of its framework"

    def inputs(rng):
        return {"x": rng.normal(size=(4, 2))}

    def torch(x):
        import torch

        return torch.nn.functional.linear(x, torch.ones(1, 3), torch.zeros(1))

    def keras(x):
        import keras

        layer = keras.layers.Dense(1)
        layer.build((None, 3))
        return layer(x)

    def tf(x):
        import tensorflow as tf

        return tf.matmul(x, tf.ones((3, 1)))

    def numpy(x):
        return np.matmul(x, np.ones((3, 1)))


class ErrNdim(Divergence):
    """torch's linear layer takes one sample without a batch axis; Keras refuses it.

    (3,) becomes (1,).  The same holds for convolutions (CONV-UNBATCHED).
    """

    name, apis = "ERR-NDIM", ("torch.nn.Linear", "keras.layers.Dense")
    words = ("expected min_ndim=2, found ndim=1", "unbatched", "batch axis", "single sample", "predict one sample")
    gap = float("inf")
    gives = {"torch": "float32 [4.54]"}
    raises = {"keras": ("ValueError", "expected min_ndim=2, found ndim=1")}
    source = "torch.nn.Linear, Shape; keras.layers.Dense, Input shape"
    cure = "add the batch axis: x[None]"

    def inputs(rng):
        return {"x": rng.normal(1, 1, 3)}

    def torch(x):
        import torch

        return torch.nn.functional.linear(x, torch.ones(1, 3))

    def keras(x):
        import keras

        layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
        return layer(x)

    def aligned_keras(x):
        import keras

        layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
        return layer(x[None])[0]


class ErrCardinality(Divergence):
    """Keras counts samples and labels before it trains; a TensorDataset does too, and zip does not.

    "Data cardinality is ambiguous".  A torch loop over zip(x, y) trains on the shorter of the two.
    """

    name, apis = "ERR-CARDINALITY", ("keras.Model.fit", "torch.utils.data.TensorDataset")
    words = ("Data cardinality is ambiguous", "Size mismatch between tensors", "number of samples", "different lengths")
    gap = float("inf")
    gives = {"torch": "int64 3"}
    raises = {"keras": ("ValueError", "Data cardinality is ambiguous")}
    source = "keras/src/trainers/data_adapters/data_adapter_utils.py; torch.utils.data.TensorDataset"
    cure = "zip(x, y, strict=True)"

    def torch():
        import torch

        return len([*zip(torch.ones(4, 3), torch.ones(3))])

    def keras():
        import keras

        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return len(
            model.fit(
                np.ones((4, 3)),
                np.ones(3),
                shuffle=False,
                verbose=0,
            ).epoch,
        )

    def aligned_torch():
        import torch

        return len([*zip(torch.ones(4, 3), torch.ones(3), strict=True)])


class ErrCompile(Divergence):
    """fit() wants compile() first; a torch loop has nothing to forget but its own lines.

    A model that was loaded without its optimizer meets it.
    """

    name, apis = "ERR-COMPILE", ("keras.Model.fit", "keras.Model.compile", "torch.optim.Optimizer.step")
    words = ("You must call `compile()` before using the model", "compile", "loaded model")
    gap = float("inf")
    gives = {"torch": "float32 [0.25, 0.25, 0.25]"}
    raises = {"keras": ("ValueError", r"You must call `compile\(\)` before using the model")}
    source = "keras.Model.compile"
    cure = 'model.compile("sgd", "mse")'

    def torch():
        import torch

        w = torch.ones(3, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.125)
        (torch.ones(4, 3) @ w).square().mean().backward()
        optimizer.step()
        return w

    def keras():
        return _fitted(compiled=False)

    def aligned_keras():
        return _fitted(compiled=True)


class ErrList(Divergence):
    """Keras's fit refuses lists of numbers; torch.tensor takes them.

    "Unrecognized data type".  A list means several inputs in Keras.
    """

    name, apis = "ERR-LIST", ("keras.Model.fit", "torch.tensor", "numpy.asarray")
    words = ("Unrecognized data type", "list input", "lists of numbers")
    gap = float("inf")
    gives = {"torch": "int64 [1, 3]"}
    raises = {"keras": ("ValueError", "Unrecognized data type")}
    source = "keras/src/trainers/data_adapters/__init__.py, get_data_adapter"
    cure = "numpy.asarray(x)"

    def torch():
        import torch

        return torch.tensor([[1.0, 2.0, 3.0]]).shape

    def keras():
        return _trained_on([[1.0, 2.0, 3.0]], [1.0])

    def aligned_keras():
        return _trained_on(np.asarray([[1.0, 2.0, 3.0]]), np.asarray([1.0]))
