"""Print the dependencies in pyproject.toml, one a line, as pip reads them."""

import tomllib
from pathlib import Path

print("\n".join(tomllib.loads(Path("pyproject.toml").read_text())["project"]["dependencies"]))
