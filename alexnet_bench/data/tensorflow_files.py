"""Image files as canvases: the middle of a picture, its shorter side scaled, as bytes. TensorFlow only.

What is kept and what is decoded again has the same bytes, so that free memory changes a trial's time alone.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from alexnet_bench.data.dataset import Split
from alexnet_bench.data.images import UPRIGHT, decoded
from alexnet_bench.environment import available_memory_bytes, usable_cores
from alexnet_bench.errors import DataError
from alexnet_bench.words import plain

MEMORY_SHARE = 0.5
DECODED_AT_ONCE = 64
RATIOS = (1, 2, 4, 8)
"""By which a JPEG can be made smaller while it is decoded."""
CHANNELS = 3
PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
BITS_AT = 24
"""Where a PNG has its bits a channel; of fewer than eight, TensorFlow gets the opacity wrong."""
# By its EXIF orientation, a picture's rows or columns are in reverse, and after that they change places.
ROWS_REVERSED, COLUMNS_REVERSED, TRANSPOSED = (3, 4, 6, 7), (2, 3, 7, 8), (5, 6, 7, 8)

Canvases = Callable[[tf.Tensor], tf.Tensor]


class Files:
    """The canvases of a split's files: all decoded now where memory holds them, else when they are asked for.

    Args:
        split: what to keep.
        side: of a canvas, in pixels.

    Raises:
        DataError: a file cannot be decoded.
    """

    def __init__(self, split: Split, side: int) -> None:
        self._side = side
        fits = 0 < len(split.paths) * side**2 * CHANNELS <= _free_bytes()
        self._rows = {path: row for row, path in enumerate(split.paths)} if fits else {}
        self._kept = self._decode_now(split) if fits else None

    def canvases(self, split: Split) -> Canvases:
        """What makes indices into a split canvases, uint8 (images, side, side, 3)."""
        if self._rows and all(path in self._rows for path in split.paths):
            rows = tf.constant([self._rows[path] for path in split.paths], tf.int64)
            return lambda indices: tf.gather(self._kept, tf.gather(rows, indices))
        paths, orientations = _files(split)
        return lambda indices: self._decode(tf.gather(paths, indices), tf.gather(orientations, indices))

    @contextlib.contextmanager
    def corrupt_file_named(self, split: Split) -> Iterator[None]:
        """Turn TensorFlow's error, which does not say which file it stumbled over, into one that does."""
        try:
            yield
        except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError, tf.errors.UnknownError):
            for path in split.paths:
                try:
                    read_canvas(path, self._side)
                except (tf.errors.OpError, ValueError) as error:
                    reason = plain(str(error).splitlines()[0])
                    raise DataError(
                        f"corrupt image: {plain(path)} cannot be decoded ({reason}); replace it or remove it"
                    ) from None
            raise

    def _decode(self, paths: tf.Tensor, orientations: tf.Tensor) -> tf.Tensor:
        def read(file: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
            return read_canvas(file[0], self._side, file[1])

        return tf.map_fn(read, (paths, orientations), fn_output_signature=tf.uint8)

    def _decode_now(self, split: Split) -> tf.Variable:
        """A variable, since a tensor that a data set captures is copied: twice the memory."""
        decode = tf.autograph.experimental.do_not_convert(self._decode)
        batches = tf.data.Dataset.from_tensor_slices(_files(split)).batch(DECODED_AT_ONCE)
        shape = (len(split), self._side, self._side, CHANNELS)
        with tf.device("CPU:0"):
            kept = tf.Variable(tf.zeros(shape, tf.uint8), trainable=False)
        first = 0
        with self.corrupt_file_named(split):
            for canvases in batches.map(decode, tf.data.AUTOTUNE, deterministic=True).prefetch(2):
                rows = tf.range(first, first + len(canvases))
                kept.scatter_update(tf.IndexedSlices(canvases, rows))
                first += len(canvases)
        return kept


def _files(split: Split) -> tuple[tf.Tensor, tf.Tensor]:
    """Paths, which need not be UTF-8, and orientations."""
    return tf.constant([*map(os.fsencode, split.paths)], tf.string), tf.constant(split.orientations)


def _free_bytes() -> int:
    """A share of what is free, for a trial's share of the cores: others may run beside it."""
    threads = tf.config.threading.get_intra_op_parallelism_threads() or usable_cores()
    return int(MEMORY_SHARE * available_memory_bytes() * min(1, threads / usable_cores()))


def read_canvas(path: tf.Tensor | str, side: int, orientation: tf.Tensor | int = UPRIGHT) -> tf.Tensor:
    """Section 2: the shorter side scaled to the canvas, then the middle; uint8 (side, side, 3).

    Args:
        path: of the image file.
        side: of the canvas, in pixels.
        orientation: as EXIF has it, 1 to 8.
    """
    contents = tf.io.read_file(path if tf.is_tensor(path) else os.fsencode(path))
    orientation = tf.cast(orientation, tf.int32)
    reversed_ = tf.stack([_is_in(orientation, ROWS_REVERSED), _is_in(orientation, COLUMNS_REVERSED)])
    canvas = tf.cond(
        tf.io.is_jpeg(contents),
        lambda: _of_jpeg(contents, side, reversed_),
        lambda: _of_other(contents, side, reversed_),
    )
    canvas = tf.ensure_shape(canvas, (side, side, CHANNELS))
    return tf.cond(orientation == UPRIGHT, lambda: canvas, lambda: _upright(canvas, orientation, reversed_))


def _is_in(orientation: tf.Tensor, those: tuple[int, ...]) -> tf.Tensor:
    return tf.reduce_any(orientation == tf.constant(those))


def _upright(canvas: tf.Tensor, orientation: tf.Tensor, reversed_: tf.Tensor) -> tf.Tensor:
    for axis in range(2):
        canvas = tf.where(reversed_[axis], tf.reverse(canvas, [axis]), canvas)
    return tf.where(_is_in(orientation, TRANSPOSED), tf.transpose(canvas, (1, 0, 2)), canvas)


def _of_jpeg(contents: tf.Tensor, side: int, reversed_: tf.Tensor) -> tf.Tensor:
    """Of what the canvas needs, no more is decoded; a large picture is decoded at a half, quarter or eighth.

    Its shorter side stays twice the canvas' or longer, for the filter to choose from.
    """
    shape = tf.io.extract_jpeg_shape(contents)[:2]
    halvings = tf.reduce_sum(tf.cast(tf.reduce_min(shape) >= 2 * side * tf.constant(RATIOS[1:]), tf.int32))
    middle = _middle(shape, side, tf.gather(RATIOS, halvings), reversed_)
    decode = partial(tf.io.decode_and_crop_jpeg, contents, tf.concat([middle.first, middle.size], 0))
    pixels = tf.switch_case(halvings, [partial(decode, CHANNELS, ratio) for ratio in RATIOS])
    return _scaled(pixels, middle, side)


def _of_other(contents: tf.Tensor, side: int, reversed_: tf.Tensor) -> tf.Tensor:
    pixels = tf.cond(
        _is_png_of_whole_bytes(contents),
        lambda: tf.io.decode_png(contents, CHANNELS + 1),
        lambda: _decoded_by_pil(contents),
    )
    middle = _middle(tf.shape(pixels)[:2], side, 1, reversed_)
    cut = tf.slice(pixels, [*tf.unstack(middle.first), 0], [*tf.unstack(middle.size), -1])
    return _scaled(_on_white(cut), middle, side)


def _is_png_of_whole_bytes(contents: tf.Tensor) -> tf.Tensor:
    begins = tf.io.decode_raw(contents, tf.uint8, fixed_length=BITS_AT + 1)
    is_png = tf.reduce_all(begins[: len(PNG_BEGINS)] == tf.constant([*PNG_BEGINS], tf.uint8))
    return is_png & (begins[BITS_AT] >= 8)


def _decoded_by_pil(contents: tf.Tensor) -> tf.Tensor:
    """RGBA, of the formats in which TensorFlow lacks transparency or palettes."""

    def decode(held: bytes | np.ndarray) -> np.ndarray:
        # In a graph it is bytes, else an array that holds them.
        return decoded(np.asarray(held, object).item())

    pixels = tf.numpy_function(decode, [contents], tf.uint8, stateful=False)
    return tf.ensure_shape(pixels, (None, None, CHANNELS + 1))


def _on_white(pixels: tf.Tensor) -> tf.Tensor:
    """RGBA over white: float32 RGB; opaque ones keep their values."""
    values = tf.cast(pixels, tf.float32)
    colours, opacity = values[..., :CHANNELS], values[..., CHANNELS:]
    return (colours * opacity + 255 * (255 - opacity)) / 255


class _Middle(NamedTuple):
    """The part of a picture that a canvas is made of, and where that goes: each of rows and of columns."""

    first: tf.Tensor
    size: tf.Tensor
    scale: tf.Tensor
    translation: tf.Tensor


def _middle(shape: tf.Tensor, side: int, ratio: tf.Tensor | int, reversed_: tf.Tensor) -> _Middle:
    """Of a picture of a shape that is decoded `ratio` times smaller.

    Of an odd number of pixels that are left out, one more lies behind the middle: of axes that are reversed,
    in front of it.
    """
    length = tf.cast(shape, tf.float32)
    scaled = tf.math.ceil(length * side / tf.reduce_min(length))
    length /= tf.cast(ratio, tf.float32)
    scale = scaled / length
    before = (scaled - side + tf.cast(reversed_, tf.float32)) // 2
    # So far the filter reaches; a JPEG's colours differ in the outermost column of what is decoded.
    margin = tf.math.ceil(1 / scale) + 2
    first = tf.maximum(before / scale - margin, 0.0) // 1
    last = tf.minimum(tf.math.ceil((before + side) / scale + margin), tf.math.ceil(length))
    return _Middle(
        first=tf.cast(first, tf.int32),
        size=tf.cast(last - first, tf.int32),
        scale=scale,
        translation=first * scale - before,
    )


def _scaled(pixels: tf.Tensor, middle: _Middle, side: int) -> tf.Tensor:
    """What `tf.image.resize` with antialiasing gives of the whole picture, at the canvas' pixels alone."""
    (canvas,) = tf.unstack(
        tf.raw_ops.ScaleAndTranslate(
            images=pixels[None],
            size=(side, side),
            scale=middle.scale,
            translation=middle.translation,
            kernel_type="triangle",
            antialias=True,
        )
    )
    return tf.cast(canvas + 0.5, tf.uint8)
