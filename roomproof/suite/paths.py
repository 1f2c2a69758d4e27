"""The folders of the scenarios and of the load scripts.

They lie beside the package in a checkout, inside the package if installed.
"""

from pathlib import Path


def scenarios_folder() -> Path:
    """Return the folder of the scenarios.

    Raises SystemExit if the installation is incomplete.
    """
    return _folder("scenarios", "conftest.py")


def scenarios_package() -> str:
    """Return the dotted name of the scenarios' package, for pytest's `--pyargs`."""
    folder = scenarios_folder()
    is_installed = folder.parent == Path(__file__).resolve().parents[1]
    return f"{folder.parent.name}.{folder.name}" if is_installed else folder.name


def load_scripts_folder() -> Path:
    """Return the folder of the load scripts.

    Raises SystemExit if the installation is incomplete.
    """
    return _folder("locustfiles", "steady.py")


def _folder(name: str, file: str) -> Path:
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / name, package / name):
        if (folder / file).is_file():
            return folder
    raise SystemExit(f"roomproof: {name}/ is neither in {package} nor beside it: this installation is incomplete")
