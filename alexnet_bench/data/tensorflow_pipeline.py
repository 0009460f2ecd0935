"""Batches for training and evaluation, augmented as the paper does. TensorFlow only.

Every random draw is a function of the seed and of how many steps there were before, so that a trial sees the
same images in the same order whatever else the machine does.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import tensorflow as tf

from alexnet_bench.data.cache import cached
from alexnet_bench.data.dataset import Dataset, Split
from alexnet_bench.data.tensorflow_files import CHANNELS, Canvases, Files
from alexnet_bench.network.recipe import WITH_COLOUR_NOISE, Recipe
from alexnet_bench.seeds import derive_seed

COLOUR_DEVIATION = 0.1
SAMPLED_FOR_STATISTICS = 2000
STATISTICS_BATCH = 100
STATISTICS_SIDE = 32
"""Of larger images so many rows and columns are looked at: as float32, more pixels do not add up."""
MIDDLE = 128
# Of small images, so many bytes of batches are made at once: an operation costs more than what it does there.
# Another number is another order of crops, and so other numbers of every trial.
BYTES_AT_ONCE = 2**23
MOST_BYTES_KEPT = 2**26


def canvas_side(side: int) -> int:
    """The side of the image from which crops of `side` pixels are taken: 256 for 227, 36 for 32, 10 for 8."""
    return max(side + 2, round(side * 256 / 227))


class Pipeline:
    """The batches of one trial.

    Args:
        dataset: gives the splits and whether they may be mirrored.
        train: the images to train on.
        recipe: batch size, augmentation, pixel scaling.
        side: pixels of the topology's input; crops are of this size.
        input_side: pixels of the variant's input, cut from the middle of the crop.
        seed: of the trial.
        canvas: pixels of the image that crops are taken from; None: that of a crop and a reflected border.
    """

    def __init__(
        self,
        dataset: Dataset,
        train: Split,
        recipe: Recipe,
        *,
        side: int,
        input_side: int,
        seed: int,
        canvas: int | None = None,
    ) -> None:
        self.dataset, self.split, self.recipe, self.seed = dataset, train, recipe, seed
        self.side, self.input_side = side, input_side
        self.image_side, self.canvas = canvas or side, canvas or canvas_side(side)
        self.steps_per_epoch = len(train) // recipe.batch_size
        self.batches_at_once = self._batches_at_once()
        self._files = Files(dataset.train, self.canvas)
        order = np.random.default_rng(derive_seed(seed, "statistics")).permutation(len(train))
        sample = train.take(np.sort(order[:SAMPLED_FOR_STATISTICS]))
        pixels = np.concatenate(list(self._pixels(sample)))
        self.mean = pixels.mean(0).astype("float32")
        self.deviation = np.maximum(pixels.std(0), 1.0).astype("float32")
        if recipe.augmentation == WITH_COLOUR_NOISE:
            self.colour_axes = _principal_axes(self._covariance() if dataset.train.paths else _cov(pixels))
        if recipe.pixels == "mean-image":
            self.mean_image = self._mean_image(sample)

    def training(self, epochs: int, first: int = 0) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
        """Images and labels of all epochs, shuffled anew in each; what does not fill a batch is left out.

        From the epoch `first` on, counted from 0: those before it are as if they had been.

        Some batches of one epoch at a time: (batches, images, height, width, channels), (batches, images).

        Raises:
            DataError: a file cannot be decoded.
        """
        # Pipelines run on the host, whatever trains.
        with tf.device("CPU:0"):
            canvases, labels = self._canvases(self.split), tf.constant(self.split.labels)

        def load(step: tf.Tensor) -> tuple[tf.Tensor, ...]:
            indices = self._indices(step)
            return step, canvases(indices), tf.gather(labels, indices)

        begin, end = (number * self.steps_per_epoch for number in (first, epochs))
        steps = tf.data.Dataset.range(begin, end, self.batches_at_once)
        batches = _in_parallel(_in_parallel(steps, load), self._training_batches)
        with self._files.corrupt_file_named(self.split):
            yield from batches.prefetch(2)

    def evaluation(self, split: Split, batch_size: int, views: str = "centre") -> Iterable[tf.Tensor]:
        """The images of a split in order, as often as asked for; several views are (views, images, …).

        Args:
            split: of the data set.
            batch_size: images at a time.
            views: a variant's `evaluation`.

        To go through them raises a DataError where a file cannot be decoded.
        """
        seen = {
            "centre": self._centre_crop,
            "ten-crops": self._ten_crops,
            "nine-views": self._nine_views,
        }
        return self._in_order(split, batch_size, seen[views])

    def _in_order(self, split: Split, batch_size: int, crop: Callable[[tf.Tensor], tf.Tensor]) -> "_InOrder":
        count = len(split)
        with tf.device("CPU:0"):
            canvases = self._canvases(split)

        def load(first: tf.Tensor) -> tf.Tensor:
            return canvases(tf.range(first, tf.minimum(first + batch_size, count)))

        batches = _in_parallel(_in_parallel(tf.data.Dataset.range(0, count, batch_size), load), crop)
        size = batches.element_spec.shape
        floats = count * math.prod(side for side in size if side is not None)
        if split.images is not None and 4 * floats <= MOST_BYTES_KEPT:
            batches = batches.cache()
        return _InOrder(batches.prefetch(2), self._files, split)

    def _pixels(self, split: Split) -> Iterator[np.ndarray]:
        """Colours of some images after the other: float32 (pixels, channels)."""
        stride = max(1, self.canvas // STATISTICS_SIDE)
        batches = self._in_order(
            split, STATISTICS_BATCH, lambda images: tf.cast(images[:, ::stride, ::stride], tf.float32)
        )
        for batch in batches:
            yield batch.numpy().reshape(-1, self.dataset.channels)

    def _covariance(self) -> np.ndarray:
        """That of the colours of all training images, which are read once for all seeds."""

        def find() -> str:
            count, total, products = 0, np.zeros(CHANNELS), np.zeros((CHANNELS, CHANNELS))
            for pixels in self._pixels(self.dataset.train):
                centred = pixels.astype("float64") - MIDDLE
                count += len(centred)
                total += centred.sum(0)
                products += centred.T @ centred
            covariance = (products - np.outer(total, total) / count) / (count - 1)
            return msgspec.json.encode(covariance.tolist()).decode()

        return _matrix(cached(f"colours/{self.dataset.digest}-{self.canvas}", find, _is_covariance))

    def _mean_image(self, sample: Split) -> tf.Tensor:
        """The training images' mean where the network looks in the middle of a canvas: float32.

        Of files it is the mean of a sample: to decode them all costs an epoch.
        """
        images = self.split.images
        if images is not None:
            canvas = self._padded(tf.constant(images.mean(0, "float64")[None], tf.float32))
        else:
            batches = self._in_order(sample, STATISTICS_BATCH, lambda images: tf.cast(images, tf.float32))
            canvas = sum(tf.reduce_sum(batch, 0, keepdims=True) for batch in batches) / len(sample)
        return self._centre(canvas, self.input_side)[0]

    def _indices(self, step: tf.Tensor) -> tf.Tensor:
        """Of the images of the batches from a step on."""
        batch, count = self.recipe.batch_size, self.batches_at_once
        epoch, within = step // self.steps_per_epoch, step % self.steps_per_epoch
        return tf.random.experimental.index_shuffle(
            within * batch + tf.range(count * batch, dtype=tf.int64),
            seed=self._seed("order", epoch),
            max_index=len(self.split) - 1,
        )

    def _training_batches(
        self, step: tf.Tensor, images: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The batches from a step on."""
        augmented = self._augment(images, step) if self.recipe.augmentation != "none" else images
        finished = self._finish(self._centre(augmented, self.side))
        if self._noise_ends:
            divisors = tf.where(self._is_noisy(step), 1 + COLOUR_DEVIATION, 1.0)
            finished /= divisors[:, None, None, None]
        batches = (self.batches_at_once, self.recipe.batch_size)
        return tf.reshape(finished, (*batches, *finished.shape[1:])), tf.reshape(labels, batches)

    def _batches_at_once(self) -> int:
        """As many as are small enough together and divide an epoch; files are decoded one batch at a time."""
        if self.split.images is None:
            return 1
        batch_bytes = 4 * self.recipe.batch_size * self.side**2 * self.dataset.channels
        most = max(1, min(self.steps_per_epoch, BYTES_AT_ONCE // batch_bytes))
        return next(count for count in range(most, 0, -1) if self.steps_per_epoch % count == 0)

    def _canvases(self, split: Split) -> Canvases:
        """What makes indices into a split canvases, 0 to 255: uint8, or float32 where they are scaled."""
        if split.images is None:
            return self._files.canvases(split)
        images = tf.constant(split.images)
        return lambda indices: self._padded(tf.gather(images, indices))

    def _padded(self, images: tf.Tensor) -> tf.Tensor:
        if self.dataset.size != self.image_side:
            images = tf.image.resize(images, (self.image_side, self.image_side))
        border = self.canvas - self.image_side
        if not border:
            return images
        # What tf.pad gives, in less time.
        reflected = np.pad(np.arange(self.image_side), (border // 2, border - border // 2), "reflect")
        return tf.gather(tf.gather(images, reflected, axis=1), reflected, axis=2)

    def _augment(self, images: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        count, free = tf.shape(images)[0], self.canvas - self.side + 1
        corners = tf.random.stateless_uniform((2, count), self._seed("crops", step), 0, free, tf.int32)
        flips = tf.zeros(count, tf.bool)
        if self.dataset.mirrored:
            flips = tf.random.stateless_uniform((count,), self._seed("flips", step)) < 0.5
        if shared := self.recipe.crops_shared_by:
            place = tf.range(count)
            first = place - place % self.recipe.batch_size % shared
            corners, flips = tf.gather(corners, first, axis=1), tf.gather(flips, first)
        images = _crop_each(images, corners[0], corners[1], flips, self.side)
        if self.recipe.augmentation == WITH_COLOUR_NOISE:
            shape = (count, self.dataset.channels)
            amounts = tf.random.stateless_normal(shape, self._seed("colour", step), stddev=COLOUR_DEVIATION)
            if self._noise_ends:
                amounts *= tf.cast(self._is_noisy(step), tf.float32)[:, None]
            images = _by_rows(tf.add, images, amounts @ self.colour_axes)
        return images

    @property
    def _noise_ends(self) -> bool:
        """Whether there is colour noise for a part of training."""
        recipe = self.recipe
        return recipe.augmentation == WITH_COLOUR_NOISE and recipe.colour_noise_ends is not None

    def _is_noisy(self, step: tf.Tensor) -> tf.Tensor:
        """Of the images of the batches from a step on: whether there is still colour noise."""
        batch, count = self.recipe.batch_size, self.batches_at_once
        end = math.ceil((self.recipe.colour_noise_ends or 0) * self.recipe.epochs * self.steps_per_epoch)
        return step + tf.range(count * batch, dtype=tf.int64) // batch < end

    def _ten_crops(self, images: tf.Tensor) -> tf.Tensor:
        """Section 4.1: corners and centre, and their mirror images where these keep the class."""
        free = self.canvas - self.side
        corners = [(0, 0), (0, free), (free, 0), (free, free), (free // 2, free // 2)]
        crops = self._crops(images, corners)
        if self.dataset.mirrored:
            crops += [tf.reverse(crop, [2]) for crop in crops]
        return tf.stack([self._finish(crop) for crop in crops])

    def _nine_views(self, images: tf.Tensor) -> tf.Tensor:
        """As cuda-convnet tests what it trains on crops: corners, middles of the edges, and centre."""
        free = self.canvas - self.side
        starts = (0, free // 2, free)
        crops = self._crops(images, [(top, left) for top in starts for left in starts])
        return tf.stack([self._finish(crop) for crop in crops])

    def _crops(self, images: tf.Tensor, corners: list[tuple[int, int]]) -> list[tf.Tensor]:
        return [images[:, top : top + self.side, left : left + self.side] for top, left in corners]

    def _centre_crop(self, images: tf.Tensor) -> tf.Tensor:
        return self._finish(self._centre(images, self.side))

    def _finish(self, images: tf.Tensor) -> tf.Tensor:
        images = self._centre(images, self.input_side)
        if self.recipe.pixels == "mean-image":
            return tf.cast(images, tf.float32) - self.mean_image
        images = _by_rows(tf.subtract, images, self.mean[None])
        if self.recipe.pixels == "standardized":
            images = _by_rows(tf.divide, images, self.deviation[None])
        return images

    def _centre(self, images: tf.Tensor, side: int) -> tf.Tensor:
        start = (images.shape[1] - side) // 2
        return images[:, start : start + side, start : start + side]

    def _seed(self, purpose: str, when: tf.Tensor) -> tf.Tensor:
        return tf.stack([tf.constant(derive_seed(self.seed, purpose), tf.int64), when])


def _in_parallel(dataset: tf.data.Dataset, make: Callable[..., Any]) -> tf.data.Dataset:
    """A data set's elements made into others, in order.

    Where operations are deterministic, TensorFlow makes one at a time of what reads a variable: so
    kept canvases are read in one step, and cropped in the next.
    """
    # AutoGraph, which nothing here needs, takes half a second to read it all.
    as_it_is = tf.autograph.experimental.do_not_convert(make)
    return dataset.map(as_it_is, tf.data.AUTOTUNE, deterministic=True)


class _InOrder:
    """Batches of a split that can be gone through again and again."""

    def __init__(self, batches: tf.data.Dataset, files: Files, split: Split) -> None:
        self._batches, self._files, self._split = batches, files, split

    def __iter__(self) -> Iterator[tf.Tensor]:
        with self._files.corrupt_file_named(self._split):
            yield from self._batches


def _crop_each(
    images: tf.Tensor, tops: tf.Tensor, lefts: tf.Tensor, flips: tf.Tensor, side: int
) -> tf.Tensor:
    across = tf.where(flips[:, None], tf.range(side - 1, -1, -1), tf.range(side))
    strips = tf.gather(images, tops[:, None] + tf.range(side), axis=1, batch_dims=1)
    return tf.gather(strips, lefts[:, None] + across, axis=2, batch_dims=1)


def _by_rows(
    operation: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], images: tf.Tensor, values: tf.Tensor
) -> tf.Tensor:
    """Apply an operation to images and values of their channels, (images or 1, channels); float32.

    A row at a time: TensorFlow is slow at repeating so few values along the last axis.
    """
    height, width, channels = images.shape[1:]
    rows = tf.reshape(tf.cast(images, tf.float32), (-1, height, width * channels))
    return tf.reshape(operation(rows, tf.tile(values, (1, width))[:, None]), (-1, height, width, channels))


def _cov(pixels: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.cov(pixels, rowvar=False))


def _is_covariance(text: str) -> bool:
    found = _matrix(text)
    return found.shape == (CHANNELS, CHANNELS) and bool(np.isfinite(found).all())


def _matrix(text: str) -> np.ndarray:
    return np.array(msgspec.json.decode(text, type=list[list[float]]))


def _principal_axes(covariance: np.ndarray) -> np.ndarray:
    """Section 4.1: the eigenvectors of the pixels' covariance times the square roots of their eigenvalues.

    The paper multiplies by the eigenvalue of values between 0 and 1; a deviation is what keeps the unit.
    """
    values, vectors = np.linalg.eigh(covariance)
    return (np.sqrt(np.maximum(values, 0))[:, None] * vectors.T).astype("float32")
