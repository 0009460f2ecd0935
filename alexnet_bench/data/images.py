"""Image files: whether they can be read, and which way up; and what TensorFlow does not decode."""

import contextlib
import hashlib
import io
import os
import stat
import struct
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from alexnet_bench.data.cache import as_listed, cached
from alexnet_bench.data.files import some
from alexnet_bench.errors import DataError
from alexnet_bench.words import plain

if TYPE_CHECKING:
    from PIL import Image

KINDS = "JPEG, PNG, WebP, BMP or GIF"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
# A camera writes JPEGs that carry a second picture ("MPO"); they decode as any other.
END_MARKERS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}
TAIL_BYTES = 64
# A camera has 100 million pixels; a few bytes may claim to be a thousand times as many.
MOST_PIXELS = 2**27
TOO_LARGE = f"has more than {MOST_PIXELS:,} pixels"
MOST_BYTES = 2**29
# What PIL raises of files that are damaged.
ERRORS = (OSError, SyntaxError, ValueError, struct.error)
ORIENTATION = 0x0112
UPRIGHT = 1
# Raised with whatever else makes a file unsound: what was checked before is checked again.
CHECKING = 1


class _FaultError(Exception):
    """What is wrong with an image file: what follows its path in a message."""


def check_images(paths: Sequence[str]) -> np.ndarray:
    """The EXIF orientation of each image file: uint8, 1 (upright) to 8.

    That all are sound is kept in the user's cache folder, for as long as nobody touches one.

    Raises:
        DataError: files that are no images, end too early or are too large; damage in between goes unseen.
    """
    listing = hashlib.sha256()
    try:
        for path in paths:
            listing.update(as_listed(path))
    except OSError:
        # Which is missing, and why, is told with what else is wrong.
        return np.array(_checked(paths), np.uint8)
    digits = cached(
        f"orientations-{CHECKING}/{listing.hexdigest()}",
        lambda: "".join(map(str, _checked(paths))),
        lambda text: len(text) == len(paths) and set(text) <= set("12345678"),
    )
    return np.array(list(digits)).astype(np.uint8)


def _checked(paths: Iterable[str]) -> list[int]:
    orientations, faults = [], []
    with warnings.catch_warnings():
        # Of sizes below the limit here, and of a damaged EXIF.
        warnings.simplefilter("ignore")
        for path in paths:
            try:
                orientations.append(_orientation_of(path))
            except _FaultError as fault:
                faults.append(f"{plain(path)} {fault}")
    if faults:
        them = "them" if len(faults) > 1 else "it"
        raise DataError(f"corrupt image: {some(faults)}; expected {KINDS}; replace {them} or remove {them}")
    return orientations


def decoded(contents: bytes) -> np.ndarray:
    """The pixels of a file, of its first frame: uint8 RGBA.

    Raises:
        ValueError: they cannot be decoded.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(contents), formats=FORMATS) as image:
            return np.asarray(image.convert("RGBA"))
    except ERRORS as error:
        raise ValueError(f"{type(error).__name__} of PIL") from error


def _orientation_of(path: str) -> int:
    from PIL import Image, UnidentifiedImageError

    try:
        status = Path(path).stat()
        # To open a pipe is to wait for whoever writes to it.
        if not stat.S_ISREG(status.st_mode):
            raise _FaultError("is no regular file")
        if not status.st_size:
            raise _FaultError("is empty")
        if status.st_size > MOST_BYTES:
            raise _FaultError(f"has more than {MOST_BYTES:,} bytes")
        with Path(path).open("rb") as file:
            tail = _tail(file)
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise _FaultError(TOO_LARGE)
                orientation = _orientation(image)
                if image.format not in END_MARKERS:
                    image.load()
                elif END_MARKERS[image.format] not in tail:
                    _look_closer(file, image, END_MARKERS[image.format])
                return orientation
    except UnidentifiedImageError:
        raise _FaultError("is no image of these kinds") from None
    except Image.DecompressionBombError:
        raise _FaultError(TOO_LARGE) from None
    except ERRORS as error:
        raise _FaultError(f"cannot be decoded ({plain(str(error))})") from None


def _orientation(image: "Image.Image") -> int:
    """As EXIF has it, in front of the pixels."""
    # To look behind them, PIL would decode a whole PNG.
    if image.format == "PNG" and "exif" not in image.info:
        return UPRIGHT
    # What PIL raises on a damaged EXIF is of many kinds, and the picture may be sound.
    with contextlib.suppress(Exception):
        orientation = image.getexif().get(ORIENTATION, UPRIGHT)
        return orientation if orientation in range(1, 9) else UPRIGHT
    return UPRIGHT


def _look_closer(file: BinaryIO, image: "Image.Image", marker: bytes) -> None:
    """Some sound files carry other data behind their end marker.

    A JPEG's thumbnail has an end marker of its own, so only decoding tells; but PIL forgives a PNG that
    lacks its marker, and TensorFlow does not.
    """
    image.load()
    file.seek(0)
    if marker not in file.read():
        raise _FaultError("ends too early")


def _tail(file: BinaryIO) -> bytes:
    """Return the last bytes, and leave the file at its start."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    return tail
