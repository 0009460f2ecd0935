"""What a mean over seeds and test images tells of other seeds and other images."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alexnet_bench.stats.estimate import FEWEST_UNITS, Estimate, Mean


@dataclass(frozen=True, kw_only=True)
class OverImages:
    """What a mean over seeds and images tells of other seeds and other images.

    Args:
        of_images: the part of the mean's variance that more seeds would leave.
        of_seeds: the part that more images would leave.
        seeds, images: that it rests on.
    """

    mean: Mean
    of_images: float
    of_seeds: float
    seeds: int
    images: int

    @property
    def estimate(self) -> Estimate:
        """With its 95% interval."""
        return self.mean.estimate(self.seeds)

    def with_error(self, least: float) -> "OverImages":
        """The same with a standard error of so much at least, as the number of images makes it."""
        if self.mean.error >= least:
            return self
        return replace(
            self,
            mean=replace(self.mean, error=least, freedom=min(self.mean.freedom, self.images - 1)),
            of_images=least**2,
        )

    def seeds_wanted(self, error: float) -> int | None:
        """Seeds with which the mean's standard error would be down to this; None where no number does it."""
        return _wanted(self.seeds, self.mean.error**2 - self.of_images, error**2 - self.of_images)

    def images_wanted(self, error: float) -> int | None:
        """Likewise images, with as many seeds."""
        return _wanted(self.images, self.mean.error**2 - self.of_seeds, error**2 - self.of_seeds)


def _wanted(count: int, variance: float, room: float) -> int | None:
    """So many in place of `count` bring a variance, which falls as their number rises, down to some room."""
    return math.ceil(count * variance / room) if room > 0 else None


def crossed(values: NDArray[np.float64]) -> OverImages | None:
    """The mean of a two-way layout, for new rows and new columns.

    Rows and columns are crossed random effects with one value a cell. The variance of the mean is
    (MS rows + MS columns - MS residual) / cells, and no less than rows or columns alone give; Satterthwaite's
    degrees of freedom.

    Args:
        values: (seeds, images).

    Returns:
        None under four seeds or images.
    """
    rows, columns = values.shape
    mean = float(values.mean())
    if rows < FEWEST_UNITS or columns < FEWEST_UNITS:
        return None
    by_row, by_column = values.mean(axis=1), values.mean(axis=0)
    residuals = values - by_row[:, None] - by_column + mean
    freedom = np.array([rows - 1, columns - 1, (rows - 1) * (columns - 1)])
    squares = [columns * ((by_row - mean) ** 2).sum(), rows * ((by_column - mean) ** 2).sum()]
    parts = np.array([*squares, (residuals**2).sum()]) / freedom / values.size
    of_rows, of_columns, rest = parts
    variance = max(of_rows + of_columns - rest, of_rows, of_columns)
    return OverImages(
        mean=_with_error(mean, variance, parts, freedom, values),
        of_images=max(of_columns - rest, 0.0),
        of_seeds=max(of_rows - rest, 0.0),
        seeds=rows,
        images=columns,
    )


def cross_validated(values: NDArray[np.float64], folds: NDArray[np.int64]) -> OverImages:
    """The mean of repeated cross-validation, for new seeds and new images.

    A seed trains on all but a fold, and is tested on that. Folds of one repetition share no image, so the
    spread of their means is that of seeds and images alike; repetitions share all images, so that their
    number takes away only the seeds' part: to the variance of the folds' means over their number is added
    (1 - 1 / repetitions) times that of the images' means over theirs. It is no less than it should be: the
    latter holds some of the seeds', too. Not covered is that the training images of folds overlap, which
    no estimate from one data set can. Satterthwaite's degrees of freedom.

    Args:
        values: (repetitions, images).
        folds: likewise, the number from 0 on of the fold in which each image was tested.

    Returns:
        The estimate; its seeds are repetitions times folds.
    """
    repetitions, images = values.shape
    count = int(folds.max()) + 1
    means = np.array(
        [
            np.bincount(of, row, count) / np.bincount(of, minlength=count)
            for row, of in zip(values, folds, strict=True)
        ]
    )
    spread = float(means.var(axis=1, ddof=1).mean())
    by_image = float(values.mean(axis=0).var(ddof=1))
    # Of an image's own spread over repetitions, its mean holds a share.
    noise = float(values.var(axis=0, ddof=1).mean()) / repetitions if repetitions > 1 else 0.0
    parts = np.array([spread / means.size, (1 - 1 / repetitions) * by_image / images])
    freedom = np.array([repetitions * (count - 1), images - 1])
    variance, of_images = float(parts.sum()), max(by_image - noise, 0.0) / images
    return OverImages(
        mean=_with_error(float(values.mean()), variance, parts, freedom, values),
        of_images=min(of_images, variance),
        of_seeds=max(variance - of_images - noise / images, 0.0),
        seeds=means.size,
        images=images,
    )


def _with_error(
    mean: float,
    variance: float,
    parts: NDArray[np.float64],
    freedom: NDArray[np.int64],
    values: NDArray[np.float64],
) -> Mean:
    """A mean whose variance is estimated from some parts, each with its degrees of freedom."""
    # What is left of rounding is no variance.
    if variance <= (1e-12 * np.abs(values).max()) ** 2:
        return Mean(value=mean, error=0.0, freedom=math.inf)
    degrees = variance**2 / (parts**2 / freedom).sum()
    return Mean(value=mean, error=math.sqrt(variance), freedom=max(float(degrees), 1.0))
