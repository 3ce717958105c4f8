"""Moving to a device, in NumPy and CuPy."""

from impl_numpy import ops


def build(params):
    return params


def forward(model, batch):
    z, _ = ops.linear(batch["x"], model["first.weight"], model["first.bias"])
    a, _ = ops.tanh(z)
    y, _ = ops.linear(a, model["second.weight"], model["second.bias"])
    return {"y": y}


def left_behind(model, batch):
    print("NumPy has one device, the CPU; CuPy's arrays are on CUDA, and no ndarray computes with them")
    refused = _refused(model, batch["x"])
    return {"refused": [refused, refused]}  # on one device what is moved stays where it is


def _refused(model, x):
    try:
        ops.linear(x, model["first.weight"], model["first.bias"])
    except TypeError as error:
        print(f"refused: {error}")
        return True
    return False
