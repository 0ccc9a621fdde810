"""Arrays and tensors, for `describe`: shape, type, where they are, range, some values.

NumPy's own class is known; every other one by its `shape` and `dtype` (masked arrays and xarray's say
more in their own words). Values are read from what computes at once
(PyTorch, JAX, TensorFlow, CuPy, MLX); an array of another kind (Dask, HDF5, Zarr) may lie on a disk or a cluster.
"""

from __future__ import annotations

from typing import Any

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import number
from qwen_magics.context.describe.frames import LIBRARIES
from qwen_magics.context.describe.short import flow, short

_AT_ONCE = frozenset(("torch", "jax", "jaxlib", "tensorflow", "cupy", "mlx"))
_OTHERWISE = frozenset(("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"))
_WHOLE = 200  # elements that are all shown
_EDGE = 3  # of larger ones, as many at each end of an axis
_MOST = 2_000_000  # elements for the figures: of larger arrays every n-th
_MOST_FETCHED = 100_000  # elements that may be copied from a device
_FIRST = 8


def array(value: object, limit: int) -> str | None:
    """A NumPy array, a tensor, or what has a shape and a type like one; None for others."""
    kind = type(value)
    if not peek.has(kind, "shape", "dtype") or peek.roots(kind) & (LIBRARIES | {"xarray"}):
        return None
    if peek.is_numpy_scalar(kind) or _OTHERWISE & {peek.full_name(base) for base in peek.bases(kind)}:
        return None
    title = _title(value)
    values = peek.attempt(lambda: _values(value))
    if values is None or values.size == 0:
        return title
    return "\n".join(part for part in (title + _figures(values), _sample(values, limit)) if part)


def _title(value: Any) -> str:
    kind = type(value)
    dtype = str(value.dtype).removeprefix("torch.").removeprefix("<dtype: '").removesuffix("'>")
    said = [f"{_library(kind)}{peek.name_of(kind)}", f"shape {tuple(value.shape)}", dtype]
    if peek.has(kind, "device") and (device := peek.attempt(lambda: str(value.device))) not in (None, "cpu"):
        said.append(f"on {device}")
    if peek.has(kind, "requires_grad") and value.requires_grad:
        said.append("requires grad")
    if peek.has(kind, "nnz"):
        said.append(f"{value.nnz:,} stored values")
    if peek.has(kind, "compute"):
        said.append("not computed")
    return ", ".join(said)


def _library(kind: type) -> str:
    library = peek.name_of(kind, "__module__").partition(".")[0]
    return "" if library in ("builtins", "__main__") else f"{library} "


def _values(value: Any) -> Any:
    """A NumPy array of the value's elements (a view where that can be); None where reading them may take long."""
    import numpy as np

    kind = type(value)
    if issubclass(kind, np.ndarray):
        return value
    if not (peek.roots(kind) & _AT_ONCE or peek.has(kind, "detach", "tolist")):
        return None
    size = 1
    for side in value.shape:
        size *= int(side)
    if size > _MOST_FETCHED:
        return None
    if peek.has(kind, "detach", "tolist"):
        return np.array(value.detach().tolist())
    return np.array(value.get() if peek.has(kind, "get") else value)


def _figures(values: Any) -> str:
    """`; -3.2 to 3.9, mean 0.01, 12 NaN`, of every n-th element where there are very many."""
    import numpy as np

    if values.dtype.kind not in "biuf" or values.size < 2:
        return ""
    step = -(-values.size // _MOST)
    # A file's array is read where it begins: elements far from each other would each be a page of the disk.
    some = values.reshape(-1)[:_MOST] if issubclass(type(values), np.memmap) else values.flat[::step]
    if values.dtype.kind == "b":
        return f"; {int(some.sum()):,} of {some.size:,} True"
    finite = some[np.isfinite(some)] if values.dtype.kind == "f" else some
    of = f", of {some.size:,} elements" if some.size < values.size else ""
    nans = f", {some.size - finite.size:,} NaN or infinite" if finite.size < some.size else ""
    if finite.size == 0:
        return f"{nans}{of}"
    low, high = finite.min().item(), finite.max().item()
    if low == high:
        return f"; all {number(low)}{nans}{of}"
    mean = finite.mean(dtype="float64").item()
    return f"; {number(low)} to {number(high)}, mean {number(mean, 4)}{nans}{of}"


def _element(value: float) -> str:
    return number(value, 5)


def _sample(values: Any, limit: int) -> str:
    """The whole of a small array, the edges of a larger one; of more than two axes the first plane."""
    import numpy as np

    if values.dtype.hasobject:
        return flow(values.flat[: _WHOLE // 4], values.size, limit // 2, lambda item, room: short(item, min(room, 80)))
    plane = np.asarray(values[(0,) * max(values.ndim - 2, 0)])
    name = f"[{', '.join('0' * (values.ndim - 2))}] = " if values.ndim > 2 else ""
    for whole, edge in ((_WHOLE, _EDGE), (0, _EDGE), (0, 1)):
        text = np.array2string(
            plane, threshold=whole, edgeitems=edge, max_line_width=120, separator=", ", prefix=name,
            formatter={"float_kind": _element},  # type: ignore[arg-type]
        )  # fmt: skip
        if len(text) <= limit // 2:
            return name + text
    return flow(plane.flat[:_FIRST], plane.size, limit // 2, short)
