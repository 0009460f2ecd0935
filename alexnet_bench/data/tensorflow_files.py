"""Image files as canvases: the middle of a picture, its shorter side scaled, as bytes. TensorFlow only.

What is kept and what is decoded again has the same bytes, so that free memory changes a trial's time alone.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import tensorflow as tf

from alexnet_bench.environment import available_memory_bytes, usable_cores
from alexnet_bench.errors import DataError

MEMORY_SHARE = 0.5
DECODED_AT_ONCE = 64
RATIOS = (1, 2, 4, 8)
"""By which a JPEG can be made smaller while it is decoded."""

Canvases = Callable[[tf.Tensor], tf.Tensor]


class Files:
    """Some files' canvases: all decoded now where memory holds them, else whenever they are asked for.

    Args:
        paths: what to keep.
        side: of a canvas, in pixels.
        channels: of a canvas.

    Raises:
        DataError: a file cannot be decoded.
    """

    def __init__(self, paths: Sequence[str], side: int, channels: int) -> None:
        self._side, self._channels = side, channels
        fits = 0 < len(paths) * side**2 * channels <= _free_bytes()
        self._rows = {path: row for row, path in enumerate(paths)} if fits else {}
        self._kept = self._decode_now(paths) if fits else None

    def canvases(self, paths: Sequence[str]) -> Canvases:
        """What makes indices into `paths` canvases, uint8 (images, side, side, channels)."""
        if self._rows and all(path in self._rows for path in paths):
            rows = tf.constant([self._rows[path] for path in paths], tf.int64)
            return lambda indices: tf.gather(self._kept, tf.gather(rows, indices))
        everything = tf.constant(paths, tf.string)
        return lambda indices: self._decode(tf.gather(everything, indices))

    @contextlib.contextmanager
    def corrupt_file_named(self, paths: Sequence[str]) -> Iterator[None]:
        """Turn TensorFlow's error, which does not say which file it stumbled over, into one that does."""
        try:
            yield
        except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError):
            for path in paths:
                try:
                    read_canvas(path, self._side, self._channels)
                except tf.errors.OpError as error:
                    raise DataError(
                        f"corrupt image: {path} cannot be decoded ({error.message.splitlines()[0]}); "
                        "replace it or remove it"
                    ) from None
            raise

    def _decode(self, paths: tf.Tensor) -> tf.Tensor:
        read = partial(read_canvas, side=self._side, channels=self._channels)
        return tf.map_fn(read, paths, fn_output_signature=tf.uint8)

    def _decode_now(self, paths: Sequence[str]) -> tf.Variable:
        """A variable, since a tensor that a data set captures is copied: twice the memory."""
        decode = tf.autograph.experimental.do_not_convert(self._decode)
        batches = tf.data.Dataset.from_tensor_slices(tf.constant(paths, tf.string)).batch(DECODED_AT_ONCE)
        shape = (len(paths), self._side, self._side, self._channels)
        with tf.device("CPU:0"):
            kept = tf.Variable(tf.zeros(shape, tf.uint8), trainable=False)
        first = 0
        with self.corrupt_file_named(paths):
            for canvases in batches.map(decode, tf.data.AUTOTUNE, deterministic=True).prefetch(2):
                rows = tf.range(first, first + len(canvases))
                kept.scatter_update(tf.IndexedSlices(canvases, rows))
                first += len(canvases)
        return kept


def _free_bytes() -> int:
    """A share of what is free, for a trial's share of the cores: others may run beside it."""
    threads = tf.config.threading.get_intra_op_parallelism_threads() or usable_cores()
    return int(MEMORY_SHARE * available_memory_bytes() * min(1, threads / usable_cores()))


def read_canvas(path: tf.Tensor, side: int, channels: int) -> tf.Tensor:
    """Section 2: the shorter side scaled to the canvas, then the middle; uint8 (side, side, channels)."""
    contents = tf.io.read_file(path)
    canvas = tf.cond(
        tf.io.is_jpeg(contents),
        lambda: _of_jpeg(contents, side, channels),
        lambda: _of_other(contents, side, channels),
    )
    return tf.ensure_shape(canvas, (side, side, channels))


def _of_jpeg(contents: tf.Tensor, side: int, channels: int) -> tf.Tensor:
    """Of what the canvas needs, no more is decoded; a large picture is decoded at a half, quarter or eighth.

    Its shorter side stays twice the canvas' or longer, for the filter to choose from.
    """
    shape = tf.io.extract_jpeg_shape(contents)[:2]
    halvings = tf.reduce_sum(tf.cast(tf.reduce_min(shape) >= 2 * side * tf.constant(RATIOS[1:]), tf.int32))
    middle = _middle(shape, side, tf.gather(RATIOS, halvings))
    decode = partial(tf.io.decode_and_crop_jpeg, contents, tf.concat([middle.first, middle.size], 0))
    pixels = tf.switch_case(halvings, [partial(decode, channels, ratio) for ratio in RATIOS])
    return _scaled(pixels, middle, side)


def _of_other(contents: tf.Tensor, side: int, channels: int) -> tf.Tensor:
    image = tf.io.decode_image(contents, channels=channels, expand_animations=False)
    middle = _middle(tf.shape(image)[:2], side, 1)
    return _scaled(
        tf.slice(image, [*tf.unstack(middle.first), 0], [*tf.unstack(middle.size), -1]), middle, side
    )


class _Middle(NamedTuple):
    """The part of a picture that a canvas is made of, and where that goes: each of rows and of columns."""

    first: tf.Tensor
    size: tf.Tensor
    scale: tf.Tensor
    translation: tf.Tensor


def _middle(shape: tf.Tensor, side: int, ratio: tf.Tensor | int) -> _Middle:
    """Of a picture of a shape that is decoded `ratio` times smaller."""
    length = tf.cast(shape, tf.float32)
    scaled = tf.math.ceil(length * side / tf.reduce_min(length))
    length /= tf.cast(ratio, tf.float32)
    scale = scaled / length
    before = (scaled - side) // 2
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
