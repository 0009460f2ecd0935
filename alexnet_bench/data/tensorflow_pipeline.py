"""Batches for training and evaluation, augmented as the paper does. TensorFlow only.

Every random draw is a function of (seed, step), so that a trial sees the same images in the same order
whatever else the machine does.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from alexnet_bench.data.dataset import Dataset, Split
from alexnet_bench.recipe import Recipe
from alexnet_bench.seeds import derive_seed

COLOUR_DEVIATION = 0.1
SAMPLED_FOR_STATISTICS = 2000


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
    """

    def __init__(
        self, dataset: Dataset, train: Split, recipe: Recipe, *, side: int, input_side: int, seed: int
    ) -> None:
        self.dataset, self.split, self.recipe, self.seed = dataset, train, recipe, seed
        self.side, self.input_side, self.canvas = side, input_side, canvas_side(side)
        self.steps_per_epoch = len(train) // recipe.batch_size
        sample = np.sort(np.random.default_rng(derive_seed(seed, "statistics")).permutation(len(train)))
        pixels = self._load(train.take(sample[:SAMPLED_FOR_STATISTICS])).numpy().reshape(-1, dataset.channels)
        self.mean = pixels.mean(0).astype("float32")
        self.deviation = np.maximum(pixels.std(0), 1.0).astype("float32")
        self.colour_axes = _principal_axes(pixels)

    def training(self, epochs: int) -> tf.data.Dataset:
        """(images, labels) of all epochs, shuffled anew in each; what does not fill a batch is left out."""
        steps = tf.data.Dataset.range(epochs * self.steps_per_epoch)
        return steps.map(self._training_batch, tf.data.AUTOTUNE, deterministic=True).prefetch(2)

    def evaluation(self, split: Split, batch_size: int, *, ten_crops: bool = False) -> Iterator[tf.Tensor]:
        """The images of a split in order; with ten crops, a batch is (10 or 5, images, …) crops."""
        for start in range(0, len(split), batch_size):
            images = self._load(split.take(slice(start, start + batch_size)))
            yield self._ten_crops(images) if ten_crops else self._finish(self._centre(images, self.side))

    def _training_batch(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = self.recipe.batch_size
        epoch, within = step // self.steps_per_epoch, step % self.steps_per_epoch
        indices = tf.random.experimental.index_shuffle(
            within * batch + tf.range(batch, dtype=tf.int64),
            seed=self._seed("order", epoch),
            max_index=len(self.split) - 1,
        )
        images = self._load(self.split, indices)
        augmented = self._augment(images, step) if self.recipe.augmentation != "none" else images
        return self._finish(self._centre(augmented, self.side)), tf.gather(self.split.labels, indices)

    def _load(self, split: Split, indices: tf.Tensor | None = None) -> tf.Tensor:
        """Images as float32 0 to 255 on the canvas, (images, canvas, canvas, channels)."""
        if split.images is None:
            paths = tf.constant(split.paths) if indices is None else tf.gather(split.paths, indices)
            return tf.map_fn(self._decode, paths, fn_output_signature=tf.float32)
        images = split.images if indices is None else tf.gather(split.images, indices)
        images = tf.cast(images, tf.float32)
        if self.dataset.size != self.side:
            images = tf.image.resize(images, (self.side, self.side))
        before = (self.canvas - self.side) // 2
        around = [before, self.canvas - self.side - before]
        return tf.pad(images, [[0, 0], around, around, [0, 0]], "REFLECT")

    def _decode(self, path: tf.Tensor) -> tf.Tensor:
        """Section 2: the shorter side scaled to the canvas, then the middle."""
        image = tf.io.decode_image(
            tf.io.read_file(path), channels=self.dataset.channels, expand_animations=False
        )
        shape = tf.cast(tf.shape(image)[:2], tf.float32)
        scaled = tf.cast(tf.math.ceil(shape * self.canvas / tf.reduce_min(shape)), tf.int32)
        image = tf.image.resize(image, scaled, antialias=True)
        image = tf.image.resize_with_crop_or_pad(image, self.canvas, self.canvas)
        return tf.ensure_shape(image, (self.canvas, self.canvas, self.dataset.channels))

    def _augment(self, images: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        batch, free = self.recipe.batch_size, self.canvas - self.side + 1
        corners = tf.random.stateless_uniform((2, batch), self._seed("crops", step), 0, free, tf.int32)
        images = _crop_each(images, corners[0], corners[1], self.side)
        if self.dataset.mirrored:
            flips = tf.random.stateless_uniform((batch, 1, 1, 1), self._seed("flips", step)) < 0.5
            images = tf.where(flips, tf.reverse(images, [2]), images)
        if self.recipe.augmentation == "crops-flips-colour":
            shape = (batch, self.dataset.channels)
            amounts = tf.random.stateless_normal(shape, self._seed("colour", step), stddev=COLOUR_DEVIATION)
            images += (amounts @ self.colour_axes)[:, None, None, :]
        return images

    def _ten_crops(self, images: tf.Tensor) -> tf.Tensor:
        """Section 4.1: corners and centre, and their mirror images where these keep the class."""
        free = self.canvas - self.side
        corners = [(0, 0), (0, free), (free, 0), (free, free), (free // 2, free // 2)]
        crops = [images[:, top : top + self.side, left : left + self.side] for top, left in corners]
        if self.dataset.mirrored:
            crops += [tf.reverse(crop, [2]) for crop in crops]
        return tf.stack([self._finish(crop) for crop in crops])

    def _finish(self, images: tf.Tensor) -> tf.Tensor:
        images = self._centre(images, self.input_side) - self.mean
        return images / self.deviation if self.recipe.pixels == "standardized" else images

    def _centre(self, images: tf.Tensor, side: int) -> tf.Tensor:
        start = (images.shape[1] - side) // 2
        return images[:, start : start + side, start : start + side]

    def _seed(self, purpose: str, when: tf.Tensor) -> tf.Tensor:
        return tf.stack([tf.constant(derive_seed(self.seed, purpose), tf.int64), when])


def _crop_each(images: tf.Tensor, tops: tf.Tensor, lefts: tf.Tensor, side: int) -> tf.Tensor:
    rows = tops[:, None] + tf.range(side)
    columns = lefts[:, None] + tf.range(side)
    strips = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(strips, columns, axis=2, batch_dims=1)


def _principal_axes(pixels: np.ndarray) -> np.ndarray:
    """Section 4.1: the eigenvectors of the pixels' covariance times the square roots of their eigenvalues.

    The paper multiplies by the eigenvalue of values between 0 and 1; a deviation is what keeps the unit.
    """
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(pixels, rowvar=False)))
    axes: Sequence[Sequence[float]] = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    return np.asarray(axes, "float32")
