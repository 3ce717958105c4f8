"""A chain of linear layers in Keras."""

import keras


def build(params):
    inputs, hidden = params["first.weight"].shape
    x = keras.Input((inputs,))
    z = keras.layers.Dense(hidden)(x)
    y = keras.layers.Dense(params["second.bias"].shape[0])(z)
    model = keras.Model(x, [z, y])
    model.set_weights([params[f"{layer}.{part}"] for layer in ("first", "second") for part in ("weight", "bias")])
    return model


def forward(model, batch):
    z, y = model(batch["x"])
    return {"z": z, "y": y}


def shapes(model, batch):
    return {"x": batch["x"].shape, **{name: a.shape for name, a in forward(model, batch).items()}}
