"""An environment for asv: the one that it runs in, named by the version of the measured framework.

asv's own `existing` environment is named by the path of its Python, so all framework versions would be one series.
"""

import sys
from typing import Any

from asv.environment import ExistingEnvironment, get_env_name


class Here(ExistingEnvironment):
    """This environment, with the requirements that the configuration's matrix gives it."""

    tool_name = "here"

    def __init__(self, conf: Any, python: str, requirements: dict[str, str], tagged_env_vars: Any) -> None:
        super().__init__(conf, "same", requirements, tagged_env_vars)
        self._python = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._requirements = requirements

    @property
    def name(self) -> str:
        return str(get_env_name(self.tool_name, self._python, self._requirements, self._tagged_env_vars))
