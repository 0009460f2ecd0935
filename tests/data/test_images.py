import numpy as np
import pytest
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
        # A camera's JPEG of two pictures.
        (".jpg", {"kind": "MPO", **MORE}),
    ],
)
def test_sound_images_pass(image, suffix, written):
    check_images([image(suffix, **written)])


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("cut", [1, 12, 500])
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
    assert f"corrupt image: {path} is none of these" in refusal(path)


@pytest.mark.parametrize(("text", "fault"), [("", "is empty"), ("<html>404 Not Found</html>", "is none of these")])
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
