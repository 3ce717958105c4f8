"""The gate in front of asv's clock: a loop whose outputs disagree at a commit is not timed there."""

import json
import os
import sys
import tempfile
import zlib
from pathlib import Path

from parity import judge
from parity.files import WholeFile
from parity.judging.verdict import PASSING
from parity.judging.worker import Worker, WorkerError

DTYPE = "float32"
FOLDER = "PARITY_VERDICTS"  # names the folder in which the processes of one run share their verdicts
TIMEOUT = 240.0  # seconds; asv itself gives up after 300


def skip_reason(task: str, framework: str, device: str, loop: str, size: str, mode: str) -> str:
    """Why a loop is not timed; "" if its outputs agree.

    The judge works in another process, so that the memory and the allocator of this one are as the loop leaves them.
    asv has a process for each benchmark: in a run the first one judges, and the others read its verdict.
    """
    with tempfile.TemporaryDirectory() as own:
        folder = Path(os.environ.get(FOLDER, own))
        environment = zlib.crc32(sys.prefix.encode())  # asv may measure several versions of a framework in one run
        path = folder / f"{task}-{loop}-{framework}-{device}-{mode}-{size}-{environment}.json"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            WholeFile(path).write(json.dumps(_in_a_process(task, framework, device, loop, size, mode)))
        return str(json.loads(path.read_text()))


def _in_a_process(*which: str) -> str:
    worker = Worker()
    try:
        return worker.call(_disagreement, *which, timeout=TIMEOUT)
    except WorkerError as error:
        return f"it cannot be judged: {error}"
    finally:
        worker.close()


def _disagreement(task: str, framework: str, device: str, loop: str, size: str, mode: str) -> str:
    rows = judge(task, framework, device=device, dtype=DTYPE, mode=mode, size=size, loop=loop)
    bad = [row for row in rows if row.verdict not in PASSING]
    return f"its outputs: {bad[0].output}: {bad[0].verdict}: {bad[0].reason}" if bad else ""
