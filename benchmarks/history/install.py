"""Completes an environment of `asv.versions.conf.json`: torch, if it is of one of its versions, and parity.

torch comes by a command of its own, since asv's requirements take no options: which build is fetched, for the CPU or
for CUDA, is said with pip's own variables, such as PIP_EXTRA_INDEX_URL.
"""

import os
import subprocess
import sys

PIP = (sys.executable, "-m", "pip", "install", "--quiet")

if __name__ == "__main__":
    if version := os.environ.get("PARITY_TORCH"):
        subprocess.run([*PIP, f"torch=={version}"], check=True)
    # asv fetches the newest runner; the suite is made for this one, as `bench` in pyproject.toml is.
    subprocess.run([*PIP, ".", "asv_runner==0.3.2"], check=True)
