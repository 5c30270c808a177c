"""Recordings that lie elsewhere: found and opened by URL."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import fsspec
import pytest

from audionome.collection import sources, work
from audionome.collection.store import Store

NAMES = ("x.mp3", "a b/[1] y*.wav", "a b/é?#%20.FLAC", "a b/.hidden/z.mp3", "._x.mp3", "note.txt")
KEPT = ("a b/[1] y*.wav", "a b/é?#%20.FLAC", "x.mp3")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder, and the same as an archive beside it."""
    folder = tmp_path / "music"
    with zipfile.ZipFile(tmp_path / "music.zip", "w") as archive:
        for name in NAMES:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name, encoding="utf-8")
            archive.write(path, name)
    (folder / "empty.wav").touch()
    return folder


def found(url: str) -> dict[str, str]:
    """Return what each name that is found holds."""
    texts = {}
    for one in sources.find(url):
        with sources.opened(one.name) as path:
            texts[one.name] = path.read_text(encoding="utf-8")
            assert path.stat().st_size == one.bytes == sources.size(one.name)
            assert path.name == Path(texts[one.name]).name
        assert sources.within(one.name, url)
        assert one.modified > 10**18
    return texts


def test_every_kind_of_url_opens_what_it_finds(music: Path) -> None:
    archive = f"file://{music}.zip"
    assert found(f"file://{music}") == {f"file://{music}/{n}": n for n in KEPT}
    assert found(f"file://{music}/") == found(f"file://{music}")
    assert found(f"zip://::{archive}") == {f"zip://{n}::{archive}": n for n in KEPT}
    assert list(found(f"zip://a b::{archive}")) == [f"zip://{n}::{archive}" for n in KEPT[:2]]
    assert list(found(f"zip://*.mp3::{archive}")) == [f"zip://x.mp3::{archive}"]
    assert list(found(f"file://{music}/*/*.FLAC")) == [f"file://{music}/{KEPT[1]}"]
    assert list(found(f"file://{music}/note.txt")) == [f"file://{music}/note.txt"]

    fsspec.filesystem("memory").pipe("/test-sources/a/x.mp3", b"x.mp3")
    assert found("memory://test-sources") == {"memory://test-sources/a/x.mp3": "x.mp3"}
    with sources.opened("memory://test-sources/a/x.mp3") as path:
        assert path.is_file()
    assert not path.exists()


def test_an_archive_that_changed_is_read_again(music: Path) -> None:
    url = f"zip://x.mp3::file://{music}.zip"
    assert list(found(url).values()) == ["x.mp3"]
    with zipfile.ZipFile(f"{music}.zip", "w") as archive:
        archive.writestr("x.mp3", "other/x.mp3")
    os.utime(f"{music}.zip", (2e9, 2e9))
    assert list(found(url).values()) == ["other/x.mp3"]


def read(path: Path, name: str) -> dict[str, object]:
    """Do the work of a run."""
    return {"text": path.read_text(encoding="utf-8")}


def test_rows_of_what_is_gone_from_a_url_are_dropped(music: Path, tmp_path: Path) -> None:
    urls = [f"zip://::file://{music}.zip", f"file://{music}/*/*.FLAC", f"file://{music}/"]
    for k, url in enumerate(urls):
        with Store(tmp_path / f"{k}.sqlite") as store:
            first = work.process([url], store, work.Work("read-1", read), jobs=1)
            assert (first.computed, first.failed) == (3 if k != 1 else 1, 0)
            (music / "a b" / "new.FLAC").write_text("another", encoding="utf-8")
            (music / KEPT[1]).unlink()
            with zipfile.ZipFile(f"{music}.zip", "w") as archive:
                archive.writestr("a b/new.FLAC", "another")
            again = work.process([url], store, work.Work("read-1", read), jobs=1)
            assert (again.gone, again.computed) == (3 if k == 0 else 1, 1)
            assert again.files == store.count("read-1")
        (music / "a b" / "new.FLAC").unlink()
        (music / KEPT[1]).write_text(KEPT[1], encoding="utf-8")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("foo://x", '"foo://x" cannot be read: Protocol not known: foo.'),
        ("memory://test-sources/nowhere", "does not exist."),
        ("zip://::/no/such.zip", "does not exist."),
        ("zip://::/dev/null", '"zip://::/dev/null" cannot be read: File is not a zip file.'),
        ("s3://bucket/music", " needs s3fs, which is not installed; run: pip install s3fs"),
        ("zip://::https://h/a.zip", " not installed; run: pip install requests aiohttp"),
        ("no+such://h/a", "Protocol not known"),
        ("ftp://me:secret@host/a.mp3", '"ftp://…@host/a.mp3" holds a password'),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    url: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("s3fs", "requests", "aiohttp", "fsspec.implementations.http"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(sources.SourceError) as error:
        list(sources.find(url))
    assert why in str(error.value)
    assert "secret" not in str(error.value)
    with pytest.raises(sources.SourceError), sources.opened(url) as path:
        path.read_bytes()
    assert sources.size(url) is None or "/dev/null" in url


def test_what_lies_elsewhere_is_not_within() -> None:
    for name, url in (
        ("s3://bucket/musical/a.mp3", "s3://bucket/music"),
        ("/music/a.mp3", "s3://bucket"),
        ("zip://a.mp3::s3://b/1.zip", "zip://::s3://b/2.zip"),
        ("zip://c/a.mp3::s3://b/1.zip", "zip://d::s3://b/1.zip"),
        ("s3://b/c/a.mp3", "s3://b/d*/*.mp3"),
        ("s3://b/dd/e/a.mp3", "s3://b/d*/*.mp3"),
    ):
        assert not sources.within(name, url)


def test_a_path_is_no_url() -> None:
    for name in ("/music/a::b.mp3", "a b.mp3", "C:/a.mp3", "./s3:/x.mp3", ""):
        assert not sources.is_url(name)
    for name in ("s3://b/x", "zip://a.mp3::s3://b/a.zip", "file:///a.mp3"):
        assert sources.is_url(name)
