"""Multi-head self-attention in NumPy."""

import numpy as np

from impl_numpy import ops


def build(params, heads):
    embed = len(params["out_proj.bias"])
    if embed % heads:
        raise ValueError(f"an embedding of {embed} cannot be divided among {heads} heads")
    return params, heads


def forward(model, batch):
    y, weights, _ = _attention(model, batch["x"])
    return {"y": y, "weights": weights}


def backward(model, batch):
    *_, vjp = _attention(model, batch["x"])
    return vjp(batch["cotangent"], batch["cotangent.weights"])


def _attention(model, x):
    params, heads = model
    n, steps, embed = x.shape
    rows = x.reshape(n * steps, embed)
    in_bias = np.concatenate([params[f"{part}_bias"] for part in ("query", "key", "value")])
    packed, in_vjp = ops.linear(rows, params["in_proj_weight"], in_bias)
    q, k, v = packed.reshape(n, steps, 3, heads, embed // heads).transpose(2, 0, 3, 1, 4)
    mixed, a, attention_vjp = ops.attention(q, k, v)
    joined = mixed.transpose(0, 2, 1, 3).reshape(n * steps, embed)
    y, out_vjp = ops.linear(joined, params["out_proj.weight"], params["out_proj.bias"])

    def vjp(dy, dweights):
        djoined, dw_out, db_out = out_vjp(dy.reshape(n * steps, embed))
        dmixed = djoined.reshape(n, steps, heads, embed // heads).transpose(0, 2, 1, 3)
        dqkv = np.stack(attention_vjp(dmixed, dweights[:, None] / heads))
        dx, dw_in, db_in = in_vjp(dqkv.transpose(1, 3, 0, 2, 4).reshape(n * steps, 3 * embed))
        dquery, dkey, dvalue = np.split(db_in, 3)
        return {
            "grad.x": dx.reshape(x.shape),
            "grad.in_proj_weight": dw_in,
            "grad.query_bias": dquery,
            "grad.key_bias": dkey,
            "grad.value_bias": dvalue,
            "grad.out_proj.weight": dw_out,
            "grad.out_proj.bias": db_out,
        }

    return y.reshape(x.shape), a.mean(1), vjp
