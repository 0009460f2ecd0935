import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet_bench.data import Split, open_dataset
from alexnet_bench.data.images import check_images
from alexnet_bench.errors import DataError
from alexnet_bench.network.recipe import PAPER

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

NOISE = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 3), np.uint8)
PLAIN = PAPER.but(batch_size=4, augmentation="none")
CROPS = PAPER.but(batch_size=4, augmentation="crops-and-flips")


def dataset(images=None, paths=(), *, mirrored=False, size=8):
    count = len(paths) if images is None else len(images)
    orientations = check_images(paths) if paths else None
    split = Split(labels=np.arange(count), images=images, paths=paths, orientations=orientations)
    channels = 3 if images is None else images.shape[-1]
    made_up = {"train": split, "test": split, "mirrored": mirrored, "size": size, "channels": channels}
    return replace(open_dataset("digits"), **made_up)


def pipeline(data, recipe=PLAIN, *, side=8, input_side=8, seed=0, canvas=None):
    from alexnet_bench.data.tensorflow_pipeline import Pipeline

    return Pipeline(data, data.train, recipe, side=side, input_side=input_side, seed=seed, canvas=canvas)


def training(pipe, epochs=1):
    """All images and labels of some epochs: (steps, batch, …)."""
    images, labels = zip(*pipe.training(epochs), strict=True)
    return np.concatenate(images), np.concatenate(labels)


def canvases(images=NOISE):
    """What 8 pixels are cropped from: a border of one reflected pixel, 0 to 255."""
    return np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], "reflect")


@pytest.mark.parametrize(("side", "canvas"), [(227, 256), (32, 36), (8, 10), (2, 4)])
def test_canvas_is_to_the_crop_what_256_is_to_227(side, canvas):
    from alexnet_bench.data.tensorflow_pipeline import canvas_side

    assert canvas_side(side) == canvas


def test_same_seed_and_step_same_batch():
    """Whatever else is trained: a longer run starts with the same batches."""
    recipe = CROPS.but(augmentation="crops-flips-colour")
    data = dataset(NOISE, mirrored=True)
    (images, labels), (again, labels_again) = (training(pipeline(data, recipe), epochs) for epochs in (2, 3))
    np.testing.assert_array_equal(again[:12], images)
    np.testing.assert_array_equal(labels_again[:12], labels)


def test_other_seed_other_order_and_crops():
    runs = [training(pipeline(dataset(NOISE), CROPS, seed=seed)) for seed in (0, 1)]
    assert runs[0][1].tolist() != runs[1][1].tolist()
    in_order = [images.reshape(24, 8, 8, 3)[np.argsort(labels.ravel())] for images, labels in runs]
    assert not np.array_equal(*in_order)


def test_every_image_comes_once_an_epoch_in_another_order():
    _, labels = training(pipeline(dataset(NOISE)), epochs=3)
    epochs = labels.reshape(3, 24).tolist()
    assert [sorted(epoch) for epoch in epochs] == 3 * [list(range(24))]
    assert len({tuple(epoch) for epoch in epochs} | {tuple(range(24))}) == 4


def test_what_does_not_fill_a_batch_is_left_out():
    pipe = pipeline(dataset(NOISE), PLAIN.but(batch_size=7))
    _, labels = training(pipe, epochs=2)
    assert (pipe.steps_per_epoch, labels.shape) == (3, (6, 7))
    assert [len(set(epoch)) for epoch in labels.reshape(2, 21).tolist()] == [21, 21]


def test_batches_made_at_once_are_of_one_epoch(monkeypatch):
    """Four would fit, three divide an epoch of six."""
    monkeypatch.setattr("alexnet_bench.data.tensorflow_pipeline.BYTES_AT_ONCE", 4 * 4 * NOISE[:4].size)
    pipe = pipeline(dataset(NOISE))
    _, labels = training(pipe, epochs=2)
    assert pipe.batches_at_once == 3
    assert [sorted(epoch) for epoch in labels.reshape(2, 24).tolist()] == 2 * [list(range(24))]


def test_labels_go_with_their_images():
    pipe = pipeline(dataset(NOISE))
    images, labels = training(pipe)
    np.testing.assert_array_equal(images, NOISE[labels].astype("float32") - pipe.mean)


def test_evaluation_is_in_order_and_exact():
    pipe = pipeline(dataset(NOISE), CROPS)
    batches = list(pipe.evaluation(pipe.dataset.test, 10))
    assert [len(batch) for batch in batches] == [10, 10, 4]
    np.testing.assert_array_equal(np.concatenate(batches), NOISE.astype("float32") - pipe.mean)


def test_smaller_input_is_the_middle_of_the_crop():
    pipe = pipeline(dataset(NOISE), input_side=6)
    (images,) = pipe.evaluation(pipe.dataset.test, 24)
    np.testing.assert_array_equal(images, NOISE[:, 1:7, 1:7].astype("float32") - pipe.mean)
    assert training(pipe)[0].shape == (6, 4, 6, 6, 3)


def test_images_of_another_size_are_scaled():
    shades = np.array([10, 20, 30, 40], np.uint8)[:, None, None, None]
    pipe = pipeline(dataset(np.broadcast_to(shades, (4, 5, 5, 1)), size=5))
    (images,) = pipe.evaluation(pipe.dataset.test, 4)
    np.testing.assert_allclose(images, np.broadcast_to(shades - pipe.mean, (4, 8, 8, 1)))


def test_crops_come_from_the_canvas_each_from_its_own_place():
    pipe = pipeline(dataset(NOISE), CROPS)
    images, labels = training(pipe, epochs=4)
    places = []
    for image, canvas in zip(images.reshape(-1, 8, 8, 3), canvases()[labels.ravel()], strict=True):
        windows = {
            (top, left): canvas[top : top + 8, left : left + 8] for top in range(3) for left in range(3)
        }
        (place,) = (
            place
            for place, window in windows.items()
            if np.array_equal(window.astype("float32") - pipe.mean, image)
        )
        places.append(place)
    # Every one of the nine places is taken, none by much more than its share of 96.
    assert len(set(places)) == 9
    assert max(places.count(place) for place in places) < 25


@pytest.mark.parametrize(("mirrored", "directions"), [(False, {1}), (True, {1, -1})])
def test_flips_where_the_data_set_allows_them(mirrored, directions):
    brighter_to_the_right = np.broadcast_to(30 * np.arange(8, dtype=np.uint8)[:, None], (24, 8, 8, 1)).copy()
    images, _ = training(pipeline(dataset(brighter_to_the_right, mirrored=mirrored), CROPS), epochs=2)
    slopes = images[..., 6, 0].mean(-1) - images[..., 1, 0].mean(-1)
    assert set(np.sign(slopes).ravel()) == directions
    if mirrored:
        assert 0.25 < np.mean(slopes < 0) < 0.75


def test_colour_noise_shifts_whole_images_along_the_colours_axes():
    """Section 4.1: its covariance is a hundredth of the pixels', since sigma is 0.1."""
    covariance = [[900, 500, 200], [500, 400, 0], [200, 0, 300]]
    colours = np.random.default_rng(1).multivariate_normal([120, 120, 120], covariance, 64 * 64)
    data = dataset(np.clip(colours, 0, 255).astype(np.uint8).reshape(64, 8, 8, 3))
    pipes = [
        pipeline(data, CROPS.but(batch_size=64, augmentation=augmentation))
        for augmentation in ("crops-and-flips", "crops-flips-colour")
    ]
    plain, coloured = (training(pipe, epochs=30)[0].reshape(-1, 64, 3) for pipe in pipes)
    shifts = coloured - plain
    assert np.ptp(shifts, axis=1).max() < 1e-3
    expected = 0.01 * np.cov(data.train.images.reshape(-1, 3), rowvar=False)
    np.testing.assert_allclose(np.cov(shifts[:, 0], rowvar=False), expected, atol=1.0)
    assert np.abs(shifts[:, 0].mean(0)).max() < 0.3


COLOURED = CROPS.but(augmentation="crops-flips-colour")


def in_covariance(pipe):
    """Times the axes' transpose the axes are the covariance that they were made of."""
    return pipe.colour_axes.T @ pipe.colour_axes


def test_colours_of_files_are_those_of_the_whole_training_set_whatever_the_seed(files):
    data = dataset(paths=files)
    pipes = [pipeline(data, COLOURED, seed=seed) for seed in (0, 1)]
    half = replace(data, train=data.train.take(slice(12)))
    np.testing.assert_array_equal(pipes[0].colour_axes, pipes[1].colour_axes)
    for pipe, images in ((pipes[0], NOISE), (pipeline(half, COLOURED), NOISE[:12])):
        expected = np.cov(canvases(images).reshape(-1, 3), rowvar=False)
        np.testing.assert_allclose(in_covariance(pipe), expected, rtol=1e-4)


@pytest.mark.usefixtures("memory_full")
def test_colours_of_files_are_found_once(files, cache):
    before = in_covariance(pipeline(dataset(paths=files), COLOURED))
    (kept,) = cache.rglob("*/colours/*")
    kept.write_text(json.dumps((2 * before).tolist()), encoding="utf-8")

    np.testing.assert_allclose(in_covariance(pipeline(dataset(paths=files), COLOURED)), 2 * before, rtol=1e-4)
    for damage in ("", "[1, 2", "[[1, 2], [3, 4]]", "[[NaN, 0, 0], [0, 1, 0], [0, 0, 1]]", "{}", '[["a"]]'):
        kept.write_text(damage, encoding="utf-8")
        np.testing.assert_allclose(in_covariance(pipeline(dataset(paths=files), COLOURED)), before, rtol=1e-4)


@pytest.mark.parametrize("at_once", [1, 3])
def test_colour_noise_that_ends_and_the_division_that_ends_with_it(monkeypatch, at_once):
    """Of 12 steps of two epochs, the first seven: with noise, and less the mean divided by 1.1."""
    monkeypatch.setattr("alexnet_bench.data.tensorflow_pipeline.BYTES_AT_ONCE", at_once * 4 * NOISE[:4].size)
    recipe = CROPS.but(epochs=2)
    noisy = recipe.but(augmentation="crops-flips-colour")
    given = (recipe, noisy, noisy.but(colour_noise_ends=7 / 12))
    plain, always, ending = (training(pipeline(dataset(NOISE), item), epochs=2)[0] for item in given)
    np.testing.assert_allclose(ending[:7], always[:7] / 1.1, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(ending[7:], plain[7:])
    assert np.abs(always - plain).max((1, 2, 3, 4)).min() > 0.1


def test_the_division_ends_for_standardized_pixels_and_the_mean_image_too():
    for pixels in ("standardized", "mean-image"):
        recipe = CROPS.but(epochs=1, pixels=pixels, augmentation="crops-flips-colour")
        always, first = (
            training(pipeline(dataset(NOISE), item))[0]
            for item in (recipe, recipe.but(colour_noise_ends=1.0))
        )
        np.testing.assert_allclose(first, always / 1.1, rtol=1e-5, atol=1e-4)


def test_images_in_a_row_share_a_crop_and_a_mirror_image():
    """Three by three of a batch of eight, the last two; the next batch begins anew."""
    recipe = CROPS.but(batch_size=8, crops_shared_by=3)
    # Of a slope in both directions one sees where a crop starts, and which way it goes.
    slope = 10 * np.arange(8, dtype=np.uint8)
    images = np.broadcast_to(slope[:, None] + slope, (24, 8, 8)).astype(np.uint8)[..., None].copy()
    pipe = pipeline(dataset(images, mirrored=True), recipe)
    found = training(pipe, epochs=8)[0].reshape(-1, 8, 64)
    for batch in found:
        for group in (batch[:3], batch[3:6], batch[6:]):
            np.testing.assert_array_equal(group, np.broadcast_to(group[0], group.shape))
    firsts = found[:, [0, 3, 6]].reshape(-1, 64)
    assert len(np.unique(firsts, axis=0)) > 6


def test_colour_noise_leaves_evaluation_alone():
    pipe = pipeline(dataset(NOISE), CROPS.but(augmentation="crops-flips-colour"))
    (images,) = pipe.evaluation(pipe.dataset.test, 24)
    np.testing.assert_array_equal(images, NOISE.astype("float32") - pipe.mean)


def test_centred_pixels_lose_their_mean_standardized_ones_get_a_deviation_of_one():
    (centred,), (standardized,) = (
        pipeline(dataset(NOISE), PLAIN.but(pixels=pixels)).evaluation(dataset(NOISE).test, 24)
        for pixels in ("centred", "standardized")
    )
    for images in (centred, standardized):
        np.testing.assert_allclose(np.mean(images, (0, 1, 2)), 0, atol=5)
    np.testing.assert_allclose(np.std(centred, (0, 1, 2)), NOISE.std((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(np.std(standardized, (0, 1, 2)), 1, atol=0.05)


def test_the_mean_image_is_taken_off_pixel_by_pixel():
    """Whatever place a crop is from, that of the middle; and as far as the network looks."""
    recipe = CROPS.but(pixels="mean-image")
    pipe, plain = (pipeline(dataset(NOISE), given) for given in (recipe, CROPS))
    mean = NOISE.mean(0)
    (images,) = pipe.evaluation(pipe.dataset.test, 24)
    np.testing.assert_allclose(images, NOISE - mean, atol=1e-3)
    crops, centred = training(pipe)[0], training(plain)[0]
    np.testing.assert_allclose(crops + mean, centred + plain.mean, atol=1e-3)
    (middle,) = pipeline(dataset(NOISE), recipe, input_side=6).evaluation(pipe.dataset.test, 24)
    np.testing.assert_allclose(middle, (NOISE - mean)[:, 1:7, 1:7], atol=1e-3)


def test_pixels_that_never_change_stay_finite():
    pipe = pipeline(dataset(np.full((8, 8, 8, 1), 200, np.uint8)), PLAIN.but(pixels="standardized"))
    assert not np.any(training(pipe)[0])


def test_pixel_statistics_are_of_all_training_images_not_of_the_first():
    """Files come class by class: here 2,500 dark images before 2,500 bright ones."""
    images = np.repeat(np.array([0, 200], np.uint8), 2500)[:, None, None, None] * np.ones(
        (1, 2, 2, 1), np.uint8
    )
    pipe = pipeline(dataset(images, size=2), side=2, input_side=2)
    assert pipe.mean == pytest.approx(100, abs=10)


def test_pixel_statistics_of_large_images():
    """Of 500 canvases of 256 pixels as float32, the sum ended at 2**32 and the mean at 131."""
    images = np.full((500, 227, 227, 2), 200, np.uint8)
    assert pipeline(dataset(images, size=227), side=227, input_side=227).mean == pytest.approx(200)


@pytest.mark.parametrize("mirrored", [False, True])
def test_ten_crops_are_corners_and_centre_and_their_mirror_images(mirrored):
    pipe = pipeline(dataset(NOISE, mirrored=mirrored))
    (crops,) = pipe.evaluation(pipe.dataset.test, 24, "ten-crops")
    canvas = canvases().astype("float32") - pipe.mean
    expected = [
        canvas[:, top : top + 8, left : left + 8] for top, left in ((0, 0), (0, 2), (2, 0), (2, 2), (1, 1))
    ]
    expected += [crop[:, :, ::-1] for crop in expected] if mirrored else []
    np.testing.assert_array_equal(crops, np.stack(expected))


def test_nine_views_are_corners_middles_of_edges_and_centre():
    pipe = pipeline(dataset(NOISE, mirrored=True))
    (views,) = pipe.evaluation(pipe.dataset.test, 24, "nine-views")
    canvas = canvases().astype("float32") - pipe.mean
    expected = [canvas[:, top : top + 8, left : left + 8] for top in range(3) for left in range(3)]
    np.testing.assert_array_equal(views, np.stack(expected))


def test_a_canvas_that_is_given_is_the_image_itself_without_a_border():
    """Crops of 4 pixels of 8 are cuda-convnet's 24 of 32."""
    data = dataset(NOISE, mirrored=True)
    pipe = pipeline(data, CROPS.but(pixels="mean-image"), side=4, input_side=4, canvas=8)
    middle = NOISE.mean(0)[2:6, 2:6]

    def windows(images, places):
        return [images[:, top : top + 4, left : left + 4] - middle for top in places for left in places]

    (centre,) = pipe.evaluation(data.test, 24)
    (views,) = pipe.evaluation(data.test, 24, "nine-views")
    images, labels = training(pipe, epochs=4)
    np.testing.assert_allclose(centre, NOISE[:, 2:6, 2:6] - middle, atol=1e-4)
    np.testing.assert_allclose(views, windows(NOISE, (0, 2, 4)), atol=1e-4)
    for image, label in zip(images.reshape(-1, 4, 4, 3), labels.ravel(), strict=True):
        whole = NOISE[None, label]
        crops = np.concatenate([*windows(whole, range(5)), *windows(whole[:, :, ::-1], range(5))])
        assert np.isclose(crops, image, atol=1e-4).all((1, 2, 3)).sum() == 1


def test_images_of_another_size_are_scaled_to_the_canvas_that_is_given():
    shades = np.array([10, 20, 30, 40], np.uint8)[:, None, None, None]
    pipe = pipeline(dataset(np.broadcast_to(shades, (4, 5, 5, 1)), size=5), canvas=12)
    (images,) = pipe.evaluation(pipe.dataset.test, 4, "nine-views")
    np.testing.assert_allclose(images, np.broadcast_to(shades - pipe.mean, (9, 4, 8, 8, 1)))


def test_the_mean_image_of_files_is_that_of_their_canvases(files):
    """It is estimated from 2,000 of them: of fewer, from all."""
    pipe = pipeline(dataset(paths=files), PLAIN.but(pixels="mean-image"))
    np.testing.assert_allclose(pipe.mean_image, NOISE.mean(0), atol=1e-3)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def files(tmp_path):
    """The noise as PNG files of the canvas' size; returns their paths."""
    paths = []
    for number, image in enumerate(canvases()):
        paths.append(str(tmp_path / f"{number:02}.png"))
        Image.fromarray(image).save(paths[-1])
    return tuple(paths)


def test_files_give_what_arrays_give(files):
    """Where as many batches are made at once: of files it is always one."""
    recipe = CROPS.but(augmentation="crops-flips-colour")
    pipes = [
        pipeline(data, recipe)
        for data in (dataset(NOISE, mirrored=True), dataset(paths=files, mirrored=True))
    ]
    pipes[0].batches_at_once = 1
    np.testing.assert_allclose(pipes[1].mean, pipes[0].mean, rtol=1e-6)
    (images, labels), (decoded, same_labels) = (training(pipe, epochs=2) for pipe in pipes)
    np.testing.assert_array_equal(same_labels, labels)
    np.testing.assert_allclose(decoded, images, atol=1e-3)
    evaluated = [np.concatenate(list(pipe.evaluation(pipe.dataset.test, 10))) for pipe in pipes]
    np.testing.assert_allclose(evaluated[1], evaluated[0], atol=1e-3)


@pytest.fixture
def memory_full(monkeypatch):
    """No canvas is kept."""
    monkeypatch.setattr("alexnet_bench.data.tensorflow_files.MEMORY_SHARE", 0)


def test_memory_changes_no_number(tmp_path, monkeypatch):
    paths, exif = [], Image.Exif()
    for number, suffix in enumerate([".jpg", ".png", ".webp", ".bmp", ".gif", ".jpg", ".png", ".jpg"]):
        picture = Image.fromarray(np.random.default_rng(number).integers(0, 256, (30, 25, 3), np.uint8))
        paths.append(str(tmp_path / f"{number}{suffix}"))
        exif[0x0112] = 1 + number
        picture.save(paths[-1], exif=exif)
    everything = []
    for share in (1, 0):
        monkeypatch.setattr("alexnet_bench.data.tensorflow_files.MEMORY_SHARE", share)
        pipe = pipeline(
            dataset(paths=tuple(paths), mirrored=True), CROPS.but(augmentation="crops-flips-colour")
        )
        crops = pipe.evaluation(pipe.dataset.test, 3, "ten-crops")
        everything.append([pipe.mean, pipe.deviation, *training(pipe, epochs=2), *crops])
    for kept, decoded in zip(*everything, strict=True):
        np.testing.assert_array_equal(kept, decoded)


def test_files_that_memory_holds_are_read_once(files):
    pipe = pipeline(dataset(paths=files))
    before = training(pipe)[0]
    for path in files:
        Path(path).unlink()
    np.testing.assert_array_equal(training(pipe)[0], before)


def test_files_that_are_not_trained_on_are_read_when_asked_for(files):
    pipe = pipeline(dataset(paths=files))
    other = Split(labels=np.arange(2), paths=(files[5], str(Path(files[0]).with_name("other.png"))))
    Image.fromarray(canvases()[7]).save(other.paths[1])
    (images,) = pipe.evaluation(other, 2)
    np.testing.assert_allclose(images, NOISE[[5, 7]] - pipe.mean, atol=1e-3)


@pytest.mark.parametrize(("height", "width", "scale"), [(10, 17, 1), (17, 10, 1), (20, 34, 2)])
def test_shorter_side_is_scaled_to_the_canvas_and_the_middle_taken(tmp_path, height, width, scale):
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    ramp = np.stack([5 * columns, 5 * rows, 0 * rows], -1).astype(np.uint8)
    path = str(tmp_path / "oblong.png")
    Image.fromarray(ramp).save(path)
    pipe = pipeline(dataset(paths=(path,)), PLAIN.but(batch_size=1))
    (images,) = pipe.evaluation(pipe.dataset.test, 1)
    middle = images[0, 2:6, 2:6] + pipe.mean
    across, down = (np.ptp(middle[..., axis], axis=1 - axis).mean() for axis in range(2))
    # Three steps of five a pixel, of ten where the image is halved: as wide as high.
    assert (across, down) == pytest.approx((15 * scale, 15 * scale), rel=0.01)
    centre = middle[1:3, 1:3, :2].numpy().mean((0, 1))
    assert centre == pytest.approx([5 * (width - 1) / 2, 5 * (height - 1) / 2], abs=2.5 * scale)


def damage(path):
    """Make a PNG whose pixels cannot be unpacked, though it is whole to look at."""
    data = bytearray(Path(path).read_bytes())
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    data[start + 4 : start + 4 + length] = bytes(length)
    data[start + 4 + length : start + 8 + length] = zlib.crc32(data[start : start + 4 + length]).to_bytes(
        4, "big"
    )
    Path(path).write_bytes(data)
    check_images([path])


READERS = {
    "training": lambda pipe: list(pipe.training(1)),
    "evaluation": lambda pipe: list(pipe.evaluation(pipe.dataset.test, 10)),
    "ten crops": lambda pipe: list(pipe.evaluation(pipe.dataset.test, 10, "ten-crops")),
    "statistics": lambda pipe: pipeline(pipe.dataset),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.usefixtures("memory_full")
def test_file_that_cannot_be_decoded_is_named(files, read):
    pipe = pipeline(dataset(paths=files))
    damage(files[13])
    with pytest.raises(DataError) as caught:
        read(pipe)
    message = str(caught.value)
    assert message.startswith(f"corrupt image: {files[13]} cannot be decoded")
    assert message.endswith("replace it or remove it")
    assert "\n" not in message


@pytest.mark.usefixtures("memory_full")
def test_file_that_has_gone_is_named(files):
    pipe = pipeline(dataset(paths=files))
    Path(files[13]).unlink()
    with pytest.raises(DataError, match=r"13\.png"):
        list(pipe.training(1))
