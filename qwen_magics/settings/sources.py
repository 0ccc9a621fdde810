"""Where settings come from: IPython's configuration, Jupyter's own files, variables, an administrator's locks.

In this order, weakest first; a lock holds against all. `%config` and a magic's options come later, see `traits`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from jupyter_core import paths
from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

from qwen_magics.errors import SettingsError
from qwen_magics.settings.traits import NAMES, Choice, Qwen, near, respect

FILE = "jupyter_qwen_config"
PREFIX = "QWEN_MAGICS_"
OTHER_VARIABLES = ("QWEN_MAGICS_NOTEBOOK",)  # where a headless run finds its notebook: no setting

File = tuple[str, dict[str, Any]]


class Shell(Protocol):
    """What of IPython's shell is needed here."""

    config: Config
    configurables: list[Any]  # IPython itself types it as a list of shells


def load(shell: Shell | None = None) -> Qwen:
    """The settings as files and variables have them now; with a shell, `%config Qwen` shows and changes them.

    Raises SettingsError where one of them says what can't be, LockedSetting where one goes against a lock.
    """
    files = _Files()
    locks = files.locks()
    chosen = _choices("ipython_config", shell.config.get("Qwen", {})) if shell else {}
    for path, values in files.all():
        here = _choices(path, values)
        respect({name: lock for name, lock in locks.items() if Path(lock.where).parent != Path(path).parent}, here)
        chosen |= here
    variables = _variables()
    respect(locks, variables)
    qwen = Qwen(chosen | variables | locks, locks)
    if shell:
        qwen.from_shell = Config(shell.config.get("Qwen", {}))  # before %config writes there, even what it refuses
        unload(shell)
        shell.configurables.append(qwen)
    return qwen


def unload(shell: Shell) -> None:
    """Take `%config Qwen` away again."""
    shell.configurables[:] = [one for one in shell.configurables if not isinstance(one, Qwen)]


def unknown_variables() -> list[str]:
    """A sentence for each `QWEN_MAGICS_…` variable that is no setting; `jupyter qwen doctor` shows them."""
    known = [PREFIX + name.upper() for name in NAMES]
    found = sorted(name for name in os.environ if name.startswith(PREFIX))
    return [
        f"{name} is no setting.{near(name.upper(), known)}" for name in found if name not in (*known, *OTHER_VARIABLES)
    ]


def _choices(where: str, values: dict[str, Any]) -> dict[str, Choice]:
    return {name: Choice(Qwen.checked(name, value, where), where) for name, value in values.items() if name != "locked"}


def _variables() -> dict[str, Choice]:
    found = {}
    for name, trait in Qwen.class_traits(config=True).items():
        variable = PREFIX + name.upper()
        text = os.environ.get(variable, "").strip()
        if text:
            try:
                value = trait.from_string(text)
            except (TraitError, ValueError):
                value = text  # `checked` says what is allowed
            found[name] = Choice(Qwen.checked(name, value, variable), variable)
    return found


class _Files:
    """`jupyter_qwen_config.py|json` in the folders of Jupyter's configuration path, each read once."""

    def __init__(self) -> None:
        # The system's folders are read even where JUPYTER_NO_CONFIG hides them: a lock holds against that too.
        self.system = list(dict.fromkeys([*paths.ENV_CONFIG_PATH, *paths.SYSTEM_CONFIG_PATH]))
        self.folders = {folder: _read(folder) for folder in dict.fromkeys([*paths.jupyter_config_path(), *self.system])}

    def all(self) -> list[File]:
        """What the files on Jupyter's path set, weakest first."""
        return [file for folder in reversed(paths.jupyter_config_path()) for file in self.folders[folder]]

    def locks(self) -> dict[str, Choice]:
        """What is locked to which value: the lock's own folder's, else the default. The most central folder wins."""
        locks: dict[str, Choice] = {}
        for folder in reversed(self.system):
            set_here = {
                name: choice for path, values in self.folders[folder] for name, choice in _choices(path, values).items()
            }
            for path, values in self.folders[folder]:
                for name in _names(path, values.get("locked", ())):
                    locks.setdefault(name, set_here.get(name) or Choice(getattr(Qwen(), name), path))
        for folder, files in self.folders.items():
            for path, values in files:
                if "locked" in values and folder not in self.system:
                    where = Path(self.system[-1], FILE + ".py")
                    raise SettingsError(f"{path}: `locked` counts only in a system-wide file such as {where}.")
        return locks


def _read(folder: str) -> list[File]:
    files = []
    for loader in (PyFileConfigLoader(FILE + ".py", path=folder), JSONFileConfigLoader(FILE + ".json", path=folder)):
        try:
            section = loader.load_config().get("Qwen", {})
        except ConfigFileNotFound:
            continue
        except Exception as error:
            raise SettingsError(
                f"{Path(folder, loader.filename)} can't be read: {type(error).__name__}: {error}"
            ) from error
        files.append((str(Path(folder, loader.filename)), dict(section)))
    return files


def _names(path: str, locked: Any) -> list[str]:
    if not isinstance(locked, (list, tuple, set)) or not all(isinstance(name, str) for name in locked):
        raise SettingsError(f"{path}: `locked` is a list of settings' names, such as ['provider', 'base_url'].")
    for name in locked:
        if name not in NAMES:
            raise SettingsError(f"{path}: `locked` names `{name}`, which is no setting.{near(name, NAMES)}")
    return list(locked)
