import io
import os
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from damaged_bytes import damaged
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from alexnet_bench.data.images import check_images
from alexnet_bench.errors import DataError

NOISE = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)


@pytest.fixture
def image(tmp_path):
    """Writes noise, with the last bytes cut off or others behind it; returns its path."""

    def write(suffix, cut=0, behind=b"", kind=None, **options):
        path = tmp_path / f"image{suffix}"
        Image.fromarray(NOISE).save(path, format=kind, **options)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) - cut] + behind)
        return str(path)

    return write


def test_what_was_checked_is_not_read_again_until_it_is_touched(image, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    exif = Image.Exif()
    exif[0x0112] = 6
    paths = [image(".jpg", exif=exif), image(".png")]
    assert check_images(paths).tolist() == [6, 1]

    with monkeypatch.context() as patched:
        patched.setattr(Image, "open", lambda *arguments, **options: pytest.fail("it is read again"))
        again = check_images(paths)
    assert (again.tolist(), again.dtype) == ([6, 1], np.uint8)

    image(".png", cut=20)
    assert "image.png ends too early" in refusal(*paths)
    Path(paths[1]).unlink()
    assert "image.png cannot be decoded" in refusal(*paths)


@pytest.mark.parametrize("kept", ["", "1", "111", "19", "1²", "{}"])
def test_what_is_kept_damaged_is_found_anew(image, tmp_path, monkeypatch, kept):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    paths = [image(".jpg"), image(".png")]
    check_images(paths)
    (file,) = (tmp_path / "cache").rglob("orientations-*/*")
    file.write_text(kept, encoding="utf-8")

    assert check_images(paths).tolist() == [1, 1]
    assert file.read_text(encoding="utf-8") == "11"


def refusal(*paths):
    """The message with which the images are refused."""
    with pytest.raises(DataError) as caught:
        check_images(paths)
    assert "\n" not in str(caught.value)
    return str(caught.value)


MORE = {"save_all": True, "append_images": [Image.fromarray(NOISE)]}


@pytest.mark.parametrize(
    ("suffix", "written"),
    [
        (".jpg", {}),
        (".png", {}),
        # Other data behind the end marker.
        (".jpg", {"behind": bytes(1000)}),
        (".png", {"behind": bytes(1000)}),
        # ImageNet has a PNG that is named JPEG; TensorFlow decodes by content.
        (".JPEG", {"kind": "PNG"}),
        (".webp", {}),
        (".bmp", {}),
        (".gif", {}),
        (".jpg", {"kind": "WEBP", "lossless": True}),
        # A camera's JPEG of two pictures.
        (".jpg", {"kind": "MPO", **MORE}),
    ],
)
def test_sound_images_pass(image, suffix, written):
    check_images([image(suffix, **written)])


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".gif"])
@pytest.mark.parametrize("cut", [12, 500])
def test_truncated_image(image, suffix, cut):
    path = image(suffix, cut=cut)
    assert f"corrupt image: {path} " in refusal(path)


def test_thumbnails_end_is_not_the_images(image):
    exif = Image.Exif()
    exif[0x9286] = b"thumbnail\xff\xd9"
    path = image(".jpg", cut=500, exif=exif)
    assert f"corrupt image: {path} cannot be decoded" in refusal(path)


def test_another_format_in_disguise(image):
    path = image(".png", kind="TIFF")
    assert f"corrupt image: {path} is no image of these kinds" in refusal(path)


@pytest.mark.parametrize(
    ("text", "fault"), [("", "is empty"), ("<html>404 Not Found</html>", "is no image of these kinds")]
)
def test_no_image(tmp_path, text, fault):
    path = tmp_path / "image.jpg"
    path.write_text(text)
    assert f"corrupt image: {path} {fault}; expected JPEG, PNG, WebP, BMP or GIF" in refusal(str(path))


def test_first_offenders_are_named_and_the_rest_counted(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for path in paths:
        path.touch()
    message = refusal(*map(str, paths))
    assert "0.png is empty" in message
    assert "2.png is empty and 2 more; expected" in message


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_exif_says_which_way_up_an_image_is(image, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert check_images([image(suffix, exif=exif), image(suffix + "x", kind="PNG")]).tolist() == [
        orientation,
        1,
    ]


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12", b"Exif\0\0" + bytes(20)])
def test_a_sound_image_with_a_damaged_exif_is_read(image, exif):
    assert check_images([image(".jpg", exif=exif)]).tolist() == [1]


def test_an_orientation_that_there_is_not_is_upright(image):
    exif = Image.Exif()
    exif[0x0112] = 9
    assert check_images([image(".jpg", exif=exif)]).tolist() == [1]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(("width", "height"), [(12_000, 12_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
@pytest.mark.filterwarnings("error")
def test_a_few_bytes_that_claim_to_be_a_huge_image_are_refused_unread(tmp_path, width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    path = tmp_path / "image.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    assert f"corrupt image: {path} has more than 134,217,728 pixels" in refusal(str(path))


def test_a_file_of_a_huge_size_is_refused_unread(image):
    path = image(".jpg")
    os.truncate(path, 2**30)
    assert f"corrupt image: {path} has more than 536,870,912 bytes" in refusal(path)


@given(suffix=st.sampled_from([".jpg", ".png", ".webp", ".bmp", ".gif"]), data=st.data())
def test_damaged_bytes_are_refused_or_read_and_never_another_error(tmp_path_factory, suffix, data):
    path = tmp_path_factory.mktemp("damaged") / "image"
    path.write_bytes(damaged(sound_bytes(suffix), data))
    try:
        check_images([str(path)])
    except DataError as error:
        assert "\n" not in str(error)


@cache
def sound_bytes(suffix):
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, {".jpg": "JPEG"}.get(suffix, suffix[1:]))
    return file.getvalue()
