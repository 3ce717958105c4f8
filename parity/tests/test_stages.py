"""What a stage leaves behind: its batch as it was, no graph on what it computed for show, and no weight that learns."""

import contextlib

import numpy as np
import pytest

from parity import draw, load
from parity.frameworks.runtime import implementation_of, runtime, stage_of
from parity.task import cast
