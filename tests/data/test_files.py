"""Canvases of files against the plain way: decode the whole picture, scale it, take its middle."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet_bench.data import Split
from alexnet_bench.errors import DataError

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

SIDE = 32


def picture(width, height):
    """Noise without the finest detail, as a photograph is; of what a canvas shows."""
    grain = max(3, min(width, height) // SIDE)
    noise = np.random.default_rng(0).integers(0, 256, (height // grain + 1, width // grain + 1, 3), np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def saved(folder, image, suffix, **options):
    path = str(folder / f"image{suffix}")
    image.save(path, **options)
    return path


def canvas(path):
    from alexnet_bench.data.tensorflow_files import read_canvas

    return read_canvas(path, SIDE).numpy().astype("float32")


def plain_canvas(path):
    """Before it is made bytes: float32."""
    import tensorflow as tf

    image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
    shape = np.array(image.shape[:2])
    scaled = np.ceil(shape * SIDE / shape.min()).astype(int)
    return tf.image.resize_with_crop_or_pad(
        tf.image.resize(image, scaled, antialias=True), SIDE, SIDE
    ).numpy()


def assert_rounded(path):
    assert np.abs(canvas(path) - plain_canvas(path)).max() <= 0.51


@pytest.mark.parametrize(
    ("width", "height"),
    [(48, 48), (60, 45), (45, 61), (101, 77), (127, 300), (32, 32), (20, 26), (1, 1), (2, 90), (900, 40)],
)
def test_jpeg_is_scaled_and_cropped_as_the_whole_picture_would_be(tmp_path, width, height):
    """Only the blocks of the middle are decoded, whose neighbours give the same pixels."""
    assert_rounded(saved(tmp_path, picture(width, height), ".jpg", quality=90))


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"restart_marker_blocks": 2}]
)
def test_kinds_of_jpeg(tmp_path, options):
    assert_rounded(saved(tmp_path, picture(90, 61), ".jpg", **options))


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("L", ".jpg"),
        ("CMYK", ".jpg"),
        ("RGB", ".png"),
        ("L", ".png"),
        ("LA", ".png"),
        ("RGBA", ".png"),
        ("P", ".png"),
        ("1", ".png"),
    ],
)
def test_grey_and_other_colours_become_rgb(tmp_path, mode, suffix):
    assert_rounded(saved(tmp_path, picture(90, 61).convert(mode), suffix))


def test_png_of_sixteen_bits(tmp_path):
    grey = np.asarray(picture(90, 61).convert("L")).astype("uint16") * 257
    assert_rounded(saved(tmp_path, Image.fromarray(grey), ".png"))


def test_png_that_is_named_jpeg(tmp_path):
    assert_rounded(saved(tmp_path, picture(90, 61), ".jpg", format="PNG"))


def test_orientation_is_left_as_the_pixels_lie(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    assert_rounded(saved(tmp_path, picture(90, 61), ".jpg", exif=exif))


@pytest.mark.parametrize(("width", "height"), [(129, 131), (300, 257), (700, 512), (513, 2000)])
def test_large_jpeg_is_decoded_smaller_and_close(tmp_path, width, height):
    """Within a tenth of the contrast on average: both filters keep the same detail, in the same place."""
    path = saved(tmp_path, picture(width, height), ".jpg", quality=90)
    found, plain = canvas(path), plain_canvas(path)
    assert np.abs(found - plain).mean() < 0.1 * plain.std()
    for axis in (0, 1):
        for shift in (-1, 1):
            assert np.abs(np.roll(found, shift, axis) - plain).mean() > 2 * np.abs(found - plain).mean()


def test_jpeg_that_cannot_be_decoded_is_named(tmp_path):
    from alexnet_bench.data.tensorflow_files import Files

    path = saved(tmp_path, picture(90, 61), ".jpg")
    Path(path).write_bytes(Path(path).read_bytes()[:40])
    with pytest.raises(DataError, match=f"corrupt image: {path} cannot be decoded"):
        Files(Split(labels=np.zeros(1, np.int64), paths=(path,)), SIDE)
