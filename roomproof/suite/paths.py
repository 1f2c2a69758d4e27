"""Where the scenarios and the load scripts are."""

from pathlib import Path


def scenarios_folder() -> Path:
    """The folder of the scenarios of this Roomproof: beside the package in a checkout, else inside the installed package."""
    return _folder("scenarios", "conftest.py")


def load_scripts_folder() -> Path:
    """The same of the load scripts."""
    return _folder("locustfiles", "steady.py")


def _folder(name: str, file: str) -> Path:
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / name, package / name):
        if (folder / file).is_file():
            return folder
    raise SystemExit(f"roomproof: {name}/ is neither in {package} nor beside it: this installation is incomplete")
