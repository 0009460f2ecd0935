import numpy as np
import pytest
from PIL import Image

from alexnet_bench.data.folder import open_folder
from alexnet_bench.errors import DataError


def write_images(folder, count, suffix=".png"):
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(folder / f"{number:02}{suffix}")


@pytest.fixture
def flat(tmp_path):
    """Class folders alone: ten cats, ten dogs."""
    root = tmp_path / "pets"
    write_images(root / "cat", 10, ".jpg")
    write_images(root / "dog", 10)
    return root


@pytest.fixture
def official(tmp_path):
    """Training and validation folders, as ImageNet's."""
    root = tmp_path / "pets"
    for part, count in (("train", 6), ("val", 2)):
        for name in ("cat", "dog"):
            write_images(root / part / name, count)
    return root


def refusal(folder):
    """The message with which the folder is refused."""
    with pytest.raises(DataError) as caught:
        open_folder(str(folder))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_describes_itself_without_the_directories_it_lies_in(flat):
    pets = open_folder(str(flat))
    assert (pets.name, pets.classes) == ("folder:pets", ("cat", "dog"))
    assert (pets.mirrored, pets.size, pets.channels) == (True, 256, 3)


def test_class_folders_alone_hold_out_a_fifth(flat):
    pets = open_folder(str(flat))
    assert (pets.test_name, len(pets.train), len(pets.test)) == ("held-out", 16, 4)
    assert np.bincount(pets.test.labels).tolist() == [2, 2]
    assert pets.train.labels.dtype == np.int64
    assert sorted(pets.train.paths + pets.test.paths) == sorted(str(path) for path in flat.glob("*/*"))


def test_held_out_files_never_change(flat):
    held_out = [path.removeprefix(f"{flat}/") for path in open_folder(str(flat)).test.paths]
    assert held_out == ["cat/01.jpg", "cat/05.jpg", "dog/01.png", "dog/07.png"]


def test_every_path_lies_in_its_class(flat):
    pets = open_folder(str(flat))
    for split in (pets.train, pets.test):
        for path, label in zip(split.paths, split.labels, strict=True):
            assert f"/{pets.classes[label]}/" in path


@pytest.mark.parametrize("name", ["val", "test"])
def test_a_test_folder_is_the_test_split(official, name):
    (official / "val").rename(official / name)
    pets = open_folder(str(official))
    assert (pets.test_name, len(pets.train), len(pets.test)) == ("test", 12, 4)
    assert all(f"/{name}/" in path for path in pets.test.paths)
    assert all("/train/" in path for path in pets.train.paths)


def test_test_folder_goes_before_val(official):
    for name in ("cat", "dog"):
        write_images(official / "test" / name, 1)
    assert len(open_folder(str(official)).test) == 2


def test_unlabelled_test_folder_leaves_val_the_test_split(official):
    write_images(official / "test", 3)
    assert all("/val/" in path for path in open_folder(str(official)).test.paths)


def test_train_folder_alone_holds_out_a_fifth(official):
    (official / "val").rename(official / ".val")
    pets = open_folder(str(official))
    assert (pets.test_name, len(pets.train), len(pets.test)) == ("held-out", 10, 2)


def test_a_class_may_be_called_train(flat):
    write_images(flat / "train", 10)
    assert open_folder(str(flat)).classes == ("cat", "dog", "train")


def test_hidden_and_other_files_are_ignored(flat):
    write_images(flat / ".thumbnails", 1)
    (flat / "README.txt").write_text("pets")
    (flat / "cat" / "rejected.jpg").mkdir()
    (flat / "cat" / "notes.txt").write_text("tabby")
    (flat / "cat" / "._00.jpg").write_bytes(b"resource fork")
    assert open_folder(str(flat)).classes == ("cat", "dog")
    assert len(open_folder(str(flat)).train) == 16


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".JPEG", ".PNG"])
def test_suffixes_in_any_case(flat, suffix):
    write_images(flat / "newt", 3, suffix)
    assert open_folder(str(flat)).classes == ("cat", "dog", "newt")


def test_missing_folder(tmp_path):
    assert f"{tmp_path / 'none'}: no such folder; expected JPEG or PNG" in refusal(tmp_path / "none")


def test_empty_folder(tmp_path):
    assert f"{tmp_path} holds no class folders; expected JPEG or PNG files in PATH/<class>/" in refusal(
        tmp_path
    )


def test_images_without_class_folders(flat):
    assert f"{flat / 'cat'} holds images but no class folders" in refusal(flat / "cat")


def test_one_class(tmp_path):
    write_images(tmp_path / "cat", 5)
    assert f"{tmp_path} holds one class (cat), expected two or more" in refusal(tmp_path)


def test_class_without_images(flat):
    (flat / "newt").mkdir()
    assert f"{flat / 'newt'}: no JPEG or PNG files (it is empty)" in refusal(flat)


def test_class_of_other_files_says_what_it_holds(flat):
    (flat / "newt" / "more").mkdir(parents=True)
    (flat / "newt" / "one.gif").touch()
    assert f"{flat / 'newt'}: no JPEG or PNG files (it holds .gif, folders)" in refusal(flat)


def test_too_small_a_class(flat):
    write_images(flat / "newt", 2)
    assert f"too few images in {flat / 'newt'} (2); expected 3 or more in each class" in refusal(flat)


def test_three_images_reach_every_split(flat):
    write_images(flat / "newt", 3)
    pets = open_folder(str(flat))
    train, validation = pets.carve(seed=0)
    assert [np.sum(split.labels == 2) for split in (train, validation, pets.test)] == [1, 1, 1]


def test_class_missing_from_the_test_split(official):
    write_images(official / "train" / "newt", 3)
    assert f"{official / 'val'} lacks newt;" in refusal(official)


def test_class_missing_from_training(official):
    for name in ("newt", "owl"):
        write_images(official / "val" / name, 1)
    assert f"{official / 'val'} alone has newt, owl;" in refusal(official)


def test_unlabelled_test_split(official):
    (official / "val").rename(official / "elsewhere")
    write_images(official / "val", 3)
    assert f"{official / 'val'} holds images but no class folders" in refusal(official)


def test_corrupt_image_is_found_before_training(flat):
    (flat / "dog" / "03.png").write_bytes(b"no image")
    assert f"corrupt image: {flat / 'dog' / '03.png'} is no image" in refusal(flat)


def test_dangling_link_is_found_before_training(flat):
    """Left out in silence, it would make the class smaller than the user believes."""
    (flat / "dog" / "99.png").symlink_to(flat / "absent.png")
    assert f"corrupt image: {flat / 'dog' / '99.png'} cannot be decoded ([Errno 2]" in refusal(flat)


def test_corrupt_test_image_is_found_before_training(official):
    (official / "val" / "dog" / "01.png").write_bytes(b"")
    assert f"corrupt image: {official / 'val' / 'dog' / '01.png'} is empty" in refusal(official)
