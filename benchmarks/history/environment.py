"""An environment for asv: the one that it runs in, called by the version of the framework that is measured.

asv's own `existing` environment is called by the path of its Python, and all framework versions are one series to it.
"""

import sys
from typing import Any

from asv.environment import ExistingEnvironment, get_env_name


class Here(ExistingEnvironment):
    """This environment, under the requirements that the configuration's matrix says it meets."""

    tool_name = "here"

    def __init__(self, conf: Any, python: str, requirements: dict[str, str], tagged_env_vars: Any) -> None:
        super().__init__(conf, "same", requirements, tagged_env_vars)
        self._python = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._requirements = requirements

    @property
    def name(self) -> str:
        return str(get_env_name(self.tool_name, self._python, self._requirements, self._tagged_env_vars))
