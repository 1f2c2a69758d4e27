"""Where the scenarios are."""

import importlib.util
from pathlib import Path


def scenarios_folder() -> Path:
    """The folder of the scenarios of this Roomproof: beside it in a checkout, else the installed package."""
    beside = Path(__file__).resolve().parents[2] / "scenarios"
    if (beside / "conftest.py").is_file():
        return beside
    spec = importlib.util.find_spec("scenarios")
    if spec is None or spec.origin is None:
        raise SystemExit("roomproof: the package 'scenarios' is not installed: this installation is incomplete")
    return Path(spec.origin).parent
