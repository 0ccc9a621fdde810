"""A picture's size in pixels from the first bytes of its data, without a picture library."""

from __future__ import annotations

import base64
import binascii
import re
import struct

_HEAD = 64  # base64 characters that hold the size of a PNG, GIF or WebP
_JPEG_HEAD = 256_000  # a JPEG's size comes after its thumbnail and profile
_SVG_HEAD = 4_000


def head_of_image(mime: str, data: str) -> str:
    """So much of a picture's data that `image_size` still knows its size."""
    return data[: {"image/jpeg": _JPEG_HEAD, "image/svg+xml": _SVG_HEAD}.get(mime, _HEAD)]


def image_size(mime: str, data: str) -> tuple[int, int] | None:
    """Width and height of a picture in a mime bundle (base64, or SVG's source); None where they can't be told."""
    if mime == "image/svg+xml":
        return _svg_size(data[:_SVG_HEAD])
    text = "".join(head_of_image(mime, data).split())
    try:
        content = base64.b64decode(text[: len(text) // 4 * 4])
        return _size(content)
    except (binascii.Error, ValueError, struct.error):
        return None


def _size(content: bytes) -> tuple[int, int] | None:
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack(">II", content[16:24])
    if content[:3] == b"GIF":
        return struct.unpack("<HH", content[6:10])
    if content[:4] == b"RIFF" and content[12:16] == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if content[:2] == b"\xff\xd8":
        return _jpeg_size(content)
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Steps from segment to segment up to the frame header (SOF)."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
    return None


def _svg_size(source: str) -> tuple[int, int] | None:
    tag = re.search(r"<svg\b[^>]*>", source)
    if not tag:
        return None
    box = re.search(r"viewBox\s*=\s*[\"']\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]{1,9})[\s,]+([\d.]{1,9})", tag[0])
    sides = [re.search(rf"\s{side}\s*=\s*[\"']([\d.]{{1,9}})", tag[0]) for side in ("width", "height")]
    numbers = [side[1] for side in sides if side] if all(sides) else list(box.groups()) if box else []
    try:
        return (round(float(numbers[0])), round(float(numbers[1]))) if numbers else None
    except ValueError:
        return None
