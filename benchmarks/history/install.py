"""Completes an environment of `asv.versions.conf.json`: torch, if the environment sets its version, and parity.

torch has a separate command, since asv's requirements take no options: pip's own variables, such as
PIP_EXTRA_INDEX_URL, choose the build for the CPU or for CUDA.
"""

import os
import subprocess
import sys

PIP = (sys.executable, "-m", "pip", "install", "--quiet")

if __name__ == "__main__":
    if version := os.environ.get("PARITY_TORCH"):
        subprocess.run([*PIP, f"torch=={version}"], check=True)
    # asv installs the newest runner; the suite needs this one, as does `bench` in pyproject.toml.
    subprocess.run([*PIP, ".", "asv_runner==0.3.2"], check=True)
