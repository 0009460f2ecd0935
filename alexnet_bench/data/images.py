"""Find corrupt image files without decoding every one of them."""

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from alexnet_bench.data.files import some
from alexnet_bench.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

# A camera may write JPEGs that carry a second picture ("MPO"); they decode as any other.
END_MARKERS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}
TAIL_BYTES = 64


def check_images(paths: Iterable[str]) -> None:
    """Raise for files that are no JPEG or PNG, or end too early; damage in between goes unseen."""
    faults = [f"{path} {fault}" for path in paths if (fault := _fault(path))]
    if faults:
        them = "them" if len(faults) > 1 else "it"
        raise DataError(
            f"corrupt image: {some(faults)}; expected JPEG or PNG; replace {them} or remove {them}"
        )


def _fault(path: str) -> str | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Path(path).open("rb") as file:
            tail = _tail(file)
            if not tail:
                return "is empty"
            with Image.open(file) as image:
                if image.format not in END_MARKERS:
                    return f"is {image.format}"
                if END_MARKERS[image.format] not in tail:
                    return _closer_look(file, image, END_MARKERS[image.format])
    except UnidentifiedImageError:
        return "is no image"
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        return f"cannot be decoded ({error})"
    return None


def _closer_look(file: BinaryIO, image: "Image.Image", marker: bytes) -> str | None:
    """Some sound files carry other data behind their end marker.

    A JPEG's thumbnail has an end marker of its own, so only decoding tells; but PIL forgives a PNG that
    lacks its marker, and TensorFlow does not.
    """
    image.load()
    file.seek(0)
    return None if marker in file.read() else "ends too early"


def _tail(file: BinaryIO) -> bytes:
    """Return the last bytes, and leave the file at its start."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    return tail
