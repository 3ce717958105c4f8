"""The file of results: the environment and a row for each output, as strict JSON with a format number."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from parity.judging.verdict import Row
from parity.task import UsageError

SHOWS = {  # what every show of a lesson has, by its kind
    "table": ("title", "row", "labels", "columns"), "matrix": ("title", "value"), "rows": ("title", "columns", "rows")
}  # fmt: skip
FORMAT = 2  # format 1 had no number and the same rows


def to_json(environment: dict[str, Any], rows: Iterable[Row], lessons: Iterable[dict[str, Any]]) -> str:
    """The environment, the rows, and what the exercises print; infinite units are the string "inf"."""
    plain = [asdict(row) | {"units": "inf" if row.units == math.inf else row.units} for row in rows]
    found = {"format": FORMAT, "environment": environment, "rows": plain, "lessons": list(lessons)}
    return json.dumps(found, indent=1, allow_nan=False) + "\n"


def read(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """The environment and the rows of a file that `to_json` made.

    Raises:
        UsageError: the file is missing, is not a file of results, or has an unknown format.
    """
    try:
        content = json.loads(path.read_text())
        number = content.get("format", 1)
        if number not in (1, FORMAT):
            raise UsageError(f"{path} has format {number!r}, this version reads 1 and {FORMAT}: run parity run again")
        environment = content["environment"]
        # Every reader of the environment needs these keys.
        _ = {name: info["versions"] for name, info in environment["frameworks"].items()}
        rows = [
            Row(**row | {"units": None if row["units"] is None else float(row["units"])}) for row in content["rows"]
        ]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UsageError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is not a file of results; parity run --json NEW.json writes one") from error
    return environment, rows


def read_lessons(path: Path) -> list[dict[str, Any]]:
    """What the exercises print, their claims, and trajectories' units by row; nothing in a file of an older format.

    Raises:
        UsageError: these are damaged.
    """
    try:
        lessons: list[dict[str, Any]] = json.loads(path.read_text()).get("lessons", [])
        for lesson in lessons:
            _ = lesson["task"], lesson["framework"]
            _ = [show[key] for show in lesson["shows"] for key in SHOWS[show["kind"]]]
            _ = lesson["claims"].items(), lesson["units_by_row"].items()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} has damaged lessons: write it again with parity run --json {path}") from error
    return lessons
