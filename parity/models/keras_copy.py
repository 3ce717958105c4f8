"""A Keras model built again from its configuration, in another precision."""

import inspect
from typing import Any

from parity.models.state import one_line
from parity.task import UsageError

BUILDER = "give a function that builds it, which is called again in float64"


def rebuilt(net: Any, dtype: str) -> Any:
    """A copy of a Keras model in another precision, from its configuration.

    Raises:
        UsageError: there is no configuration, or it does not make the same model.
    """
    layers = net._flatten_layers()
    own = {type(layer).__name__: type(layer) for layer in layers if not _is_keras(layer)}
    try:
        config = net.get_config()
        copy = (
            type(net).from_config(_with_dtype(config, dtype), custom_objects=own)
            if ("custom_objects" in inspect.signature(type(net).from_config).parameters)
            else type(net).from_config(_with_dtype(config, dtype))
        )
    except Exception as error:
        raise UsageError(
            f"the Keras model {net.name} cannot be built again from its configuration ({one_line(error)}): {BUILDER}"
        ) from error
    return copy


def _is_keras(layer: Any) -> bool:
    return type(layer).__module__.split(".")[0] == "keras"


def _with_dtype(config: Any, dtype: str) -> Any:
    """The configuration with every floating dtype and every policy rewritten."""
    if dtype == "as it is":
        return config
    if isinstance(config, dict):
        if "dtype" in config:
            config = {**config, "dtype": _dtype(config["dtype"], dtype)}
        return {key: part if key == "dtype" else _with_dtype(part, dtype) for key, part in config.items()}
    if isinstance(config, tuple | list):
        return type(config)(_with_dtype(part, dtype) for part in config)
    return config


def _dtype(found: Any, dtype: str) -> Any:
    name = found.get("config", {}).get("name", "") if isinstance(found, dict) else found
    return dtype if name is None or "float" in str(name) else found
