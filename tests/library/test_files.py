"""Recordings of a folder, and files that are written whole."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audionome import audio, files


def touch(path: Path, content: bytes = b"sound") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(found: files.Scan, folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in found.files]


# -- recordings in a folder ---------------------------------------------------------------


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    for name in ("a.MP3", "album/b.flac", "album/notes.txt", "album/cover.jpg"):
        touch(tmp_path / name)
    for name in ("._a.mp3", ".secret.wav", ".Trash/c.wav", ".Trash/deep/d.wav", ".DS_Store"):
        touch(tmp_path / name)
    touch(tmp_path / "stub.mp3", b"")
    (tmp_path / "gone.wav").symlink_to("nowhere.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(tmp_path)  # a socket's address is short
        try:
            server.bind("socket.wav")
        finally:
            os.chdir(before)
        found = files.scan(tmp_path)
    assert names(found, tmp_path) == ["a.MP3", "album/b.flac"]
    assert found.skipped == {"hidden": 4, "empty": 1, "with a broken link": 1, "not regular": 2}
    told = files.describe_skipped(found.skipped)
    assert told == "8 files left out: 1 empty, 4 hidden, 2 not regular, 1 with a broken link."
    assert files.describe_skipped(files.Scan().skipped) == ""


def test_links_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    music = tmp_path / "music"
    touch(music / "z album" / "one.wav")
    touch(tmp_path / "elsewhere" / "two.wav")
    (music / "a link").symlink_to("z album")
    (music / "another").symlink_to(tmp_path / "elsewhere")
    (music / "again").symlink_to(tmp_path / "elsewhere")
    (music / "z album" / "loop").symlink_to(music)
    (tmp_path / "elsewhere" / "back").symlink_to(music)
    (music / "a.wav").symlink_to("z album/one.wav")
    found = files.scan(music)
    # What lies there in person is called by its own name, whatever comes first in the alphabet.
    assert names(found, music) == ["again/two.wav", "z album/one.wav"]
    assert found.skipped == {"linked twice": 1}


def test_typescript_is_no_recording(tmp_path: Path) -> None:
    touch(tmp_path / "index.ts", b"export const answer = 42;\n")
    touch(tmp_path / "film.ts", b"G" + bytes(187) + b"G")
    touch(tmp_path / "camera.mts", bytes(4) + b"G" + bytes(187) + b"G")
    found = files.scan(tmp_path)
    assert names(found, tmp_path) == ["camera.mts", "film.ts"]
    assert files.describe_skipped(found.skipped) == ""


def test_every_format_that_decodes_is_found(tmp_path: Path, tone: np.ndarray) -> None:
    import av

    unnamed = {"RAW", "MAT4", "MAT5", "SD2", "XI"}  # no header, no sound, or decoded by nobody
    tried = []
    for name in sorted(set(sf.available_formats()) - unnamed):
        suffix = {"WAVEX": ".wav", "OGG": ".oga", "MP3": ".mp3"}.get(name, f".{name.lower()}")
        path, rate = tmp_path / f"{name}{suffix}", 8000 if name == "WVE" else 22_050
        subtype = next(
            s for s in ("PCM_16", "VORBIS", "ALAW", "MPEG_LAYER_III") if sf.check_format(name, s)
        )
        sf.write(path, tone, rate, format=name, subtype=subtype)
        tried.append(path)
    for suffix, codec in {
        ".m4a": "aac", ".mka": "aac", ".mkv": "aac", ".mov": "aac", ".ts": "aac", ".flv": "aac",
        ".mp2": "mp2", ".ac3": "ac3", ".wv": "wavpack", ".tta": "tta", ".wma": "wmav2",
        ".avi": "mp2", ".mpg": "mp2", ".aac": "aac", ".caf": "alac", ".webm": "libopus",
    }.items():  # fmt: skip
        path = tmp_path / f"x{suffix}"
        encode(path, tone, codec, av)
        tried.append(path)
    found = files.scan(tmp_path).files
    assert sorted(found) == sorted(tried)
    for path in found:
        assert audio.load(path).size > 3 * audio.SAMPLE_RATE, path


def encode(path: Path, samples: np.ndarray, codec: str, av: object) -> None:
    with av.open(str(path), "w") as container:  # type: ignore[attr-defined]
        rate = 48_000
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 128_000
        formats = [f.name for f in stream.codec_context.codec.audio_formats]
        stream.codec_context.format = formats[0]
        frame = av.AudioFrame.from_ndarray(  # type: ignore[attr-defined]
            (samples[None] * 20_000).astype(np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 22_050
        size = stream.codec_context.frame_size
        resampler = av.AudioResampler(  # type: ignore[attr-defined]
            format=formats[0], layout="mono", rate=rate, frame_size=size or 1152
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            for packet in stream.encode(part):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)


# -- files to write -----------------------------------------------------------------------


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before")

    def interrupted() -> None:
        with files.written_whole(path) as unfinished:
            unfinished.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "before"
    with files.written_whole(path) as unfinished:
        assert unfinished.suffix == ".csv"
        unfinished.write_text("after")
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "link.csv").symlink_to(path)
    files.write_text(tmp_path / "link.csv", "through the link")
    assert (tmp_path / "link.csv").is_symlink()
    assert path.read_text() == "through the link"


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from audionome import files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: files.write_text(Path(sys.argv[1]), 'x' * 1000)\n"
        "except files.OutputError as error: print(error)"
    )
    path = tmp_path / "note.json"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.stdout == f'"{path}" cannot be written: file too large.\n'
    assert list(tmp_path.iterdir()) == []
    assert files.reason_of(OSError(28, "No space left on device")) == "the disk is full"


def test_what_cannot_be_written_is_told_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "table.csv").mkdir()
    suffixes = (".csv",)
    for name, told in {
        "t.json": r"should end in \.csv",
        "t": r"should end in \.csv",
        "table.csv": "is a folder",
        "nowhere/t.csv": "no folder",
        "file/t.csv": "no folder",
    }.items():
        with pytest.raises(files.OutputError, match=told):
            files.require_output_file(tmp_path / name, suffixes)
    for name, told in {"file": "is a file", "file/more": "lies in a file"}.items():
        with pytest.raises(files.OutputError, match=told):
            files.require_output_folder(tmp_path / name)
    files.require_output_file(tmp_path / "t.csv", suffixes)
    files.require_output_folder(tmp_path / "new" / "deep")
    assert (tmp_path / "new" / "deep").is_dir()


def test_nothing_but_our_own_parts_is_deleted(tmp_path: Path) -> None:
    own = tmp_path / "theirs"
    own.mkdir()
    (own / "diary.txt").write_text("private")
    with pytest.raises(files.OutputError, match="not ours"):
        files.Parts(own)
    with pytest.raises(files.OutputError, match="not ours"):
        files.Parts(own / "diary.txt")
    assert [p.name for p in own.iterdir()] == ["diary.txt"]
    parts = files.Parts(tmp_path / "parts")
    (parts.folder / "part-1.json").write_text("{}")
    (parts.folder / "kept.txt").write_text("put there by somebody")
    files.Parts(tmp_path / "parts").remove()
    assert [p.name for p in parts.folder.iterdir()] == ["kept.txt"]
    parts = files.Parts(tmp_path / "others")
    parts.remove()
    assert not parts.folder.exists()
