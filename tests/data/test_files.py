"""Canvases of files against the plain way: decode the whole picture, scale it, take its middle."""

import resource
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet_bench.data import Split
from alexnet_bench.data.images import check_images
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


def canvas(path, orientation=1):
    from alexnet_bench.data.tensorflow_files import read_canvas

    return read_canvas(path, SIDE, orientation).numpy().astype("float32")


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


# How the pixels of an upright picture are stored, by the orientation that makes them upright again.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(("width", "height"), [(90, 61), (61, 90), (127, 300)])
@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg"])
def test_a_picture_is_turned_upright(tmp_path, suffix, orientation, width, height):
    """As PIL turns it, and then cut: where a pixel more is cut on one side, it is the same side."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = picture(width, height)
    exact = {".webp": {"lossless": True}, ".jpg": {"quality": 100, "subsampling": 0}}.get(suffix, {})
    stored = upright.transpose(STORED[orientation])
    turned = saved(tmp_path, stored, suffix, exif=exif, **exact)
    difference = np.abs(canvas(turned, *check_images([turned])) - plain_canvas(png(tmp_path, upright)))
    # What a JPEG loses; of a picture that is cut a pixel beside, the differences are ten times as large.
    assert difference.mean() < (3 if suffix == ".jpg" else 0.5)
    assert suffix == ".jpg" or difference.max() <= 0.51


def png(folder, image):
    path = str(folder / "plain.png")
    image.save(path)
    return path


def on_white(path):
    """How what is stored looks on white."""
    with Image.open(path) as image:
        seen = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")


@pytest.mark.parametrize(
    ("mode", "suffix"), [("RGBA", ".png"), ("LA", ".png"), ("P", ".png"), ("RGBA", ".webp"), ("P", ".gif")]
)
def test_what_is_transparent_shows_white(tmp_path, mode, suffix):
    image, options = picture(90, 61), {"lossless": True}
    if mode == "P":
        image, options = image.convert("P", palette=Image.Palette.ADAPTIVE, colors=8), {"transparency": 3}
    else:
        image = image.convert(mode[:-1])
        image.putalpha(picture(90, 61).convert("L").transpose(Image.Transpose.ROTATE_180))
    path = saved(tmp_path, image, suffix, **options)
    seen = plain_canvas(png(tmp_path, on_white(path)))
    # One of rounding: what is plain was rounded before it was scaled, too.
    assert np.abs(canvas(path) - seen).max() <= 1.51
    assert np.abs(canvas(path) - plain_canvas(png(tmp_path, image.convert("RGB")))).max() > 20


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
@pytest.mark.parametrize("suffix", [".webp", ".bmp", ".gif"])
def test_other_kinds_of_images(tmp_path, mode, suffix):
    image = picture(90, 61).convert(mode)
    path = saved(tmp_path, image, suffix, **({"lossless": True} if suffix == ".webp" else {}))
    assert np.abs(canvas(path) - plain_canvas(png(tmp_path, on_white(path)))).max() <= 0.51


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_the_first_of_several_frames(tmp_path, suffix):
    first, second = picture(90, 61).convert("L"), Image.new("L", (90, 61))
    path = saved(tmp_path, first, suffix, save_all=True, append_images=[second], lossless=True)
    assert np.abs(canvas(path) - plain_canvas(png(tmp_path, first))).max() <= 0.51


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_of_few_bits(tmp_path, bits):
    """Of which TensorFlow takes the opacity for a hundredth of what it is."""
    image = picture(90, 61).convert("P", palette=Image.Palette.ADAPTIVE, colors=2**bits)
    assert_rounded(saved(tmp_path, image, ".png", bits=bits))


def test_a_name_that_is_not_utf_8(tmp_path):
    path = tmp_path / "caf\udce9.png"
    picture(90, 61).save(path)
    assert np.abs(canvas(str(path)) - plain_canvas(png(tmp_path, picture(90, 61)))).max() <= 0.51


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_a_picture_that_is_all_length_takes_no_more_memory_than_others(tmp_path, suffix):
    """Scaled as a whole, it would have 3.8 million columns."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert canvas(saved(tmp_path, Image.new("RGB", (30_000, 2), "red"), suffix)).shape == (SIDE, SIDE, 3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(("width", "height"), [(129, 131), (300, 257), (700, 512), (513, 2000)])
def test_large_jpeg_is_decoded_smaller_and_close(tmp_path, width, height):
    """Within a tenth of the contrast on average: both filters keep the same detail, in the same place."""
    path = saved(tmp_path, picture(width, height), ".jpg", quality=90)
    found, plain = canvas(path), plain_canvas(path)
    assert np.abs(found - plain).mean() < 0.1 * plain.std()
    for axis in (0, 1):
        for shift in (-1, 1):
            assert np.abs(np.roll(found, shift, axis) - plain).mean() > 2 * np.abs(found - plain).mean()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".gif"])
def test_a_file_that_cannot_be_decoded_is_named(tmp_path, suffix):
    from alexnet_bench.data.tensorflow_files import Files

    path = saved(tmp_path, picture(90, 61), suffix)
    Path(path).write_bytes(Path(path).read_bytes()[:40])
    with pytest.raises(DataError, match=f"corrupt image: {path} cannot be decoded"):
        Files(Split(labels=np.zeros(1, np.int64), paths=(path,)), SIDE)
