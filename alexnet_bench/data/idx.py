"""Read gzipped IDX files, the format of MNIST and Fashion-MNIST."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from alexnet_bench.errors import DataError

UNSIGNED_BYTE = 8
REMEDY = "fetch the file again"


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Return the array of unsigned bytes, of that many dimensions, in the gzipped IDX file."""
    data = _unzip(path)
    magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if data[:4] != magic:
        raise DataError(
            f"{path} begins with {data[:4].hex() or 'nothing'}, expected {magic.hex()} "
            f"(IDX, unsigned bytes, {dimensions} dimensions); {REMEDY}"
        )
    header = 4 + 4 * dimensions
    if len(data) < header:
        raise DataError(f"{path} is truncated: it ends inside its {header}-byte header; {REMEDY}")
    shape = struct.unpack(f">{dimensions}I", data[4:header])
    if len(data) - header != math.prod(shape):
        raise DataError(
            f"{path} holds {len(data) - header:,} bytes of data, expected {math.prod(shape):,} "
            f"({' × '.join(str(length) for length in shape)}); {REMEDY}"
        )
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def _unzip(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is no complete gzip file ({error}); {REMEDY}") from error
