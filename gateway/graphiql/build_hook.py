"""For hatchling: fetches the files of the pages into a wheel. Where they cannot be fetched, the wheel is built without them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GraphiQLBuildHook(BuildHookInterface[BuilderConfig]):
    """Not for an editable installation: it uses the files of the tree, fetched by `make graphiql`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            # Run, not imported: the project is not installed where it is built.
            subprocess.run([sys.executable, Path(self.root, "gateway", "graphiql", "assets.py")], check=True)
