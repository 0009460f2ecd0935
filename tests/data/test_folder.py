import json
import os

import numpy as np
import pytest
from PIL import Image

from alexnet_bench.data import open_dataset


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


def test_describes_itself_without_the_directories_it_lies_in(flat):
    pets = open_dataset(f"folder:{flat}")
    assert (pets.name, pets.classes) == ("folder:pets", ("cat", "dog"))
    assert (pets.mirrored, pets.size, pets.channels) == (True, 256, 3)


def test_class_folders_alone_hold_out_a_fifth(flat):
    pets = open_dataset(f"folder:{flat}")
    assert (pets.test_name, len(pets.train), len(pets.test)) == ("held-out", 16, 4)
    assert np.bincount(pets.test.labels).tolist() == [2, 2]
    assert pets.train.labels.dtype == np.int64
    assert sorted(pets.train.paths + pets.test.paths) == sorted(str(path) for path in flat.glob("*/*"))


def test_held_out_files_never_change(flat):
    held_out = [path.removeprefix(f"{flat}/") for path in open_dataset(f"folder:{flat}").test.paths]
    assert held_out == ["cat/01.jpg", "cat/05.jpg", "dog/01.png", "dog/07.png"]


def test_every_path_lies_in_its_class(flat):
    pets = open_dataset(f"folder:{flat}")
    for split in (pets.train, pets.test):
        for path, label in zip(split.paths, split.labels, strict=True):
            assert f"/{pets.classes[label]}/" in path


@pytest.mark.parametrize("name", ["val", "test"])
def test_a_test_folder_is_the_test_split(official, name):
    (official / "val").rename(official / name)
    pets = open_dataset(f"folder:{official}")
    assert (pets.test_name, len(pets.train), len(pets.test)) == ("test", 12, 4)
    assert all(f"/{name}/" in path for path in pets.test.paths)
    assert all("/train/" in path for path in pets.train.paths)


def test_test_folder_goes_before_val(official):
    for name in ("cat", "dog"):
        write_images(official / "test" / name, 1)
    assert len(open_dataset(f"folder:{official}").test) == 2


def test_unlabelled_test_folder_leaves_val_the_test_split(official):
    write_images(official / "test", 3)
    assert all("/val/" in path for path in open_dataset(f"folder:{official}").test.paths)


def test_train_folder_alone_holds_out_a_fifth(official):
    (official / "val").rename(official / ".val")
    pets = open_dataset(f"folder:{official}")
    assert (pets.test_name, len(pets.train), len(pets.test)) == ("held-out", 10, 2)


def test_a_class_may_be_called_train(flat):
    write_images(flat / "train", 10)
    assert open_dataset(f"folder:{flat}").classes == ("cat", "dog", "train")


def test_hidden_and_other_files_are_ignored(flat):
    write_images(flat / ".thumbnails", 1)
    (flat / "README.txt").write_text("pets")
    (flat / "cat" / "rejected.jpg").mkdir()
    (flat / "cat" / "notes.txt").write_text("tabby")
    (flat / "cat" / "._00.jpg").write_bytes(b"resource fork")
    assert open_dataset(f"folder:{flat}").classes == ("cat", "dog")
    assert len(open_dataset(f"folder:{flat}").train) == 16


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".JPEG", ".PNG"])
def test_three_images_of_any_suffix_reach_every_split(flat, suffix):
    write_images(flat / "newt", 3, suffix)
    pets = open_dataset(f"folder:{flat}")
    train, validation = pets.carve(seed=0)
    assert pets.classes == ("cat", "dog", "newt")
    assert [np.sum(split.labels == 2) for split in (train, validation, pets.test)] == [1, 1, 1]


@pytest.mark.parametrize("suffix", [".webp", ".bmp", ".gif", ".GIF"])
def test_other_kinds_of_images_are_read(flat, suffix):
    write_images(flat / "newt", 3, suffix)
    assert open_dataset(f"folder:{flat}").classes == ("cat", "dog", "newt")


@pytest.mark.parametrize(
    ("training", "test"), [("Train", "VALID"), ("TRAIN", "Validation"), ("training", "Testing")]
)
def test_splits_have_the_names_that_people_give_them(official, training, test):
    (official / "train").rename(official / training)
    (official / "val").rename(official / test)
    pets = open_dataset(f"folder:{official}")
    assert (pets.test_name, len(pets.train), len(pets.test), pets.notes) == ("test", 12, 4, ())


def test_images_in_a_class_own_subfolders_are_its_own(flat):
    write_images(flat / "cat" / "more" / "and more", 5)
    pets = open_dataset(f"folder:{flat}")
    labels = dict(
        zip(pets.train.paths + pets.test.paths, [*pets.train.labels, *pets.test.labels], strict=True)
    )
    assert sum(label == 0 for label in labels.values()) == 15
    assert labels[str(flat / "cat" / "more" / "and more" / "00.png")] == 0


def test_links_are_followed_but_in_no_circles(flat, tmp_path):
    write_images(tmp_path / "elsewhere" / "attic", 5)
    (flat / "cat" / "elsewhere").symlink_to(tmp_path / "elsewhere")
    (flat / "cat" / "again").symlink_to(tmp_path / "elsewhere" / "attic")
    (tmp_path / "elsewhere" / "round").symlink_to(flat / "cat")
    (flat / "cat" / "to all").symlink_to("..")
    (flat / "dog" / "99.png").symlink_to("00.png")
    (flat / "newt").symlink_to(tmp_path / "elsewhere")
    pets = open_dataset(f"folder:{flat}")
    counts = np.bincount(np.concatenate([pets.train.labels, pets.test.labels]))
    assert dict(zip(pets.classes, counts, strict=True)) == {"cat": 15, "dog": 11, "newt": 15}


def test_what_is_skipped_is_counted(flat):
    for place, name in [("cat", "a.heic"), ("cat", "b.HEIC"), ("dog", "c.heic"), ("cat", "labels.txt")]:
        (flat / place / name).touch()
    write_images(flat / "dog" / "deep", 1)
    (flat / "dog" / "deep" / "d.heic").touch()
    os.mkfifo(flat / "dog" / "pipe")
    write_images(flat / "loose", 1)
    (flat / "loose" / "00.png").rename(flat / "00.png")
    (flat / "loose").rmdir()
    assert open_dataset(f"folder:{flat}").notes == (
        "4 .heic files in 2 classes were skipped",
        "1 .txt file in 1 class was skipped",
        "1 suffixless file in 1 class was skipped",
        "1 image in no class folder was skipped",
    )


def test_folders_beside_training_and_test_are_named(official):
    for name in ("annotations", "extra"):
        write_images(official / name / "cat", 1)
    assert open_dataset(f"folder:{official}").notes == (
        "only train/ and val/ are read, not annotations, extra",
    )


NAMES = [b"caf\xe9", "\u732b".encode(), b"-rf", b"two\nlines", b"<b>&amp;", b"a\x1b[31m", "e\u0301".encode()]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_that_the_file_system_has(flat, name):
    """As a class and as a file: shown on one line, and read."""
    name = os.fsdecode(name)
    write_images(flat / "newt", 5)
    (flat / "newt" / "00.png").rename(flat / "newt" / f"{name}.png")
    (flat / "newt").rename(flat / name)
    pets = open_dataset(f"folder:{flat}")
    assert len(pets.classes) == 3 and all(name.isprintable() for name in pets.classes)
    assert json.dumps(pets.classes, ensure_ascii=False).encode()
    assert str(flat / name / f"{name}.png") in pets.train.paths + pets.test.paths
    assert len(pets.digest) == 16


def test_a_folder_whose_name_is_not_utf_8(flat):
    flat.rename(f"{flat}\udce9")
    assert open_dataset(f"folder:{flat}\udce9").name == r"folder:pets\udce9"


# -- what is refused


def newt_of_other_files(root):
    (root / "newt" / "more").mkdir(parents=True)
    (root / "newt" / "more" / "one.HEIC").touch()
    (root / "newt" / "two").touch()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda root: (root / "newt").mkdir(), "/newt: no JPEG, PNG, WebP, BMP or GIF files (it is empty)"),
        (newt_of_other_files, "/newt: no JPEG, PNG, WebP, BMP or GIF files (it holds .heic, suffixless)"),
        (
            lambda root: write_images(root / "newt", 2),
            "/newt (2); expected 3 or more in each class",
        ),
        (
            lambda root: (root / "dog" / "03.png").write_bytes(b"no image"),
            "/dog/03.png is none of these",
        ),
        # Left out in silence, it would make the class smaller than the user believes.
        (
            lambda root: (root / "dog" / "99.png").symlink_to(root / "absent.png"),
            "/dog/99.png cannot be decoded ([Errno 2]",
        ),
        (lambda root: os.mkfifo(root / "dog" / "99.png"), "/dog/99.png is no regular file"),
        (lambda root: (root / "dog" / "99.png").symlink_to("/dev/zero"), "/dog/99.png is no regular file"),
        (
            lambda root: (root / "dog" / "99.png").symlink_to("99.png"),
            "/dog/99.png cannot be decoded ([Errno 40]",
        ),
        (lambda root: (root / "dog").rename(root / ".dog"), " holds one class (cat), expected two or more"),
    ],
)
def test_class_folders_that_cannot_be_used(flat, refusal, change, expected):
    change(flat)
    assert f"{flat}{expected}" in refusal(f"folder:{flat}")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda root: write_images(root / "train" / "newt", 3), "/val lacks newt;"),
        (
            lambda root: [write_images(root / "val" / name, 1) for name in ("newt", "owl")],
            "/val alone has newt, owl;",
        ),
        (
            lambda root: [(root / "val").rename(root / "elsewhere"), write_images(root / "val", 3)],
            "/val holds images but no class folders",
        ),
        (lambda root: (root / "val" / "dog" / "01.png").write_bytes(b""), "/val/dog/01.png is empty"),
    ],
)
def test_a_test_split_that_cannot_be_used(official, refusal, change, expected):
    change(official)
    assert f"{official}{expected}" in refusal(f"folder:{official}")


def test_no_class_folders(tmp_path, flat, refusal):
    expected = "holds no class folders; expected JPEG, PNG, WebP, BMP or GIF files in PATH/<class>/"
    (tmp_path / "empty").mkdir()
    assert f"{tmp_path / 'empty'} {expected}" in refusal(f"folder:{tmp_path / 'empty'}")
    assert f"{flat / 'cat'} holds images but no class folders" in refusal(f"folder:{flat / 'cat'}")


def test_a_home_folder_that_there_is_not(refusal):
    assert "~nobodyhere: there is no such home folder" in refusal("folder:~nobodyhere")
