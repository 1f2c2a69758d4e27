"""Where the scenarios and the load scripts are."""

import importlib.util
from pathlib import Path


def scenarios_folder() -> Path:
    """The folder of the scenarios of this Roomproof: beside it in a checkout, else the installed package."""
    return _folder("scenarios", "conftest.py")


def load_scripts_folder() -> Path:
    """The same of the load scripts."""
    return _folder("locustfiles", "steady.py")


def _folder(package: str, file: str) -> Path:
    beside = Path(__file__).resolve().parents[2] / package
    if (beside / file).is_file():
        return beside
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"roomproof: the package {package!r} is not installed: this installation is incomplete")
    return Path(spec.origin).parent
