"""Genres in the tags of real files of every format, and everything else as it was."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import mutagen
import numpy as np
import pytest
import soundfile as sf
import typer
from mutagen import apev2, flac, id3, mp4

from audionome import audio, cli
from audionome.batch import Failure
from audionome.collection.tags import backup, difference, rewriting, tagfile, tagging
from audionome.collection.tags.backup import Backup
from audionome.collection.tags.deciding import Decision, Rules, decide
from audionome.collection.tags.tagging import Job
from audionome.collection.tags.values import TagError, Values
from audionome.datasets.gtzan import GENRES
from audionome.errors import AudionomeError

COVER = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40  # TAG and ID3 stand in no part of it
ALL = Rules(replace=True, tempo=True, ear_tags=True)
ROW = {"genre": "Drum & Bass", "tempo": 174.4, "tempo_probability": 0.9, "tags": "dance|R&B"}
SAID = Values(("Drum & Bass",), 174, ("dance", "R&B"))


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A second of sound in every format, without a tag."""
    folder = tmp_path_factory.mktemp("sounds")
    t = np.arange(44_100 * 13 // 10) / 44_100
    tone = (0.3 * np.sin(2 * np.pi * 440 * t) * np.exp(-3 * (t % 0.5))).astype(np.float32)
    made = {}
    for suffix, kind in {"mp3": {}, "flac": {}, "aiff": {}, "wav": {}, "ogg": {}}.items():
        made[suffix] = folder / f"sound.{suffix}"
        sf.write(made[suffix], tone, 44_100, **kind)
    others = {
        "opus": ("ogg", "libopus", 48_000, {}),
        "m4a": ("ipod", "aac", 44_100, {}),
        "front.m4a": ("ipod", "alac", 44_100, {"movflags": "faststart"}),
        "wv": ("wv", "wavpack", 44_100, {}),
        "wma": ("asf", "wmav2", 44_100, {}),
        "tta": ("tta", "tta", 44_100, {}),
        "mka": ("matroska", "aac", 44_100, {}),
        "aac": ("adts", "aac", 44_100, {}),
    }
    for suffix, (container, codec, rate, options) in others.items():
        made[suffix] = folder / f"sound.{suffix}"
        with av.open(str(made[suffix]), "w", format=container, options=options) as out:
            stream = out.add_stream(codec, rate=rate, layout="mono")
            stream.bit_rate = 96_000
            frame = av.AudioFrame.from_ndarray(tone[None, :], format="fltp", layout="mono")
            frame.rate = 44_100
            resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
            for piece in resampler.resample(frame) + resampler.resample(None):
                out.mux(stream.encode(piece))
            out.mux(stream.encode(None))
    # One bit per sample, as DSF has it: noise.
    bits = np.random.default_rng(0).bytes(4096 * 60)
    head = struct.pack("<4sQQQ", b"DSD ", 28, 28 + 52 + 12 + len(bits), 0)
    kind = struct.pack(
        "<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, 2_822_400, 1, 8 * len(bits), 4096, 0
    )
    data = struct.pack("<4sQ", b"data", 12 + len(bits)) + bits
    made["dsf"] = folder / "sound.dsf"
    made["dsf"].write_bytes(head + kind + data)
    return made


# -- files as they are met ----------------------------------------------------------------


def frames(version: int) -> id3.ID3:
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=1, text=["Straße – 道"]))
    tag.add(id3.TPE1(encoding=0, text=["AC/DC"]))
    tag.add(id3.TXXX(encoding=0, desc="MusicBrainz Album Id", text=["7f3e"]))
    tag.add(id3.PRIV(owner="WM/Provider", data=b"\0\xff\0AMG\0"))
    tag.add(id3.POPM(email="me@example.org", rating=196, count=7))
    tag.add(id3.COMM(encoding=3, lang="deu", desc="", text=["by hand"]))
    tag.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="front", data=COVER))
    tag.add(id3.APIC(encoding=0, mime="image/png", type=4, desc="back", data=COVER[::-1]))
    if version == 3:
        tag.add(id3.TYER(encoding=0, text=["1979"]))
        tag.add(id3.TDAT(encoding=0, text=["1507"]))
        tag.add(id3.IPLS(encoding=0, people=[["producer", "Eno"]]))
    else:
        tag.add(id3.TDRC(encoding=0, text=["1979-07-15"]))
        tag.add(id3.TMCL(encoding=3, people=[["bass", "Jaco"]]))
        tag.add(id3.TSOP(encoding=3, text=["ACDC"]))
    return tag


def v23(path: Path) -> None:
    tag = frames(3)
    tag.add(id3.TCON(encoding=0, text=["(17)(9)Doom"]))
    tag.unknown_frames = [b"XYZW\0\0\0\x05\0\0hello"]
    tag._unknown_v2_version = 3
    tag.save(path, v2_version=3, v1=2)


def v24(path: Path) -> None:
    tag = frames(4)
    tag.add(id3.TCON(encoding=3, text=["Post-Rock", "Ambient"]))
    tag.add(id3.TCOM(encoding=3, text=["One", "Two"]))
    tag.save(path, v2_version=4, padding=lambda _: 0)


def v1(path: Path, genre: int = 255) -> bytes:
    end = b"TAG" + b"Old title".ljust(30, b"\0") + b"Somebody".ljust(30) + bytes(30) + b"1989"
    end += b"a comment".ljust(28, b"\0") + bytes([0, 7, genre])
    with path.open("ab") as file:
        file.write(end)
    return end


def with_ape(path: Path) -> None:
    tag = apev2.APEv2()
    tag["Genre"] = ["Chanson"]
    tag["REPLAYGAIN_TRACK_GAIN"] = "-7.03 dB"
    tag["Cover Art (Front)"] = apev2.APEValue(b"cover.png\0" + COVER, apev2.BINARY)
    tag.save(path)
    v1(path, 12)


def length(n: int) -> bytes:
    return bytes([n >> 21 & 127, n >> 14 & 127, n >> 7 & 127, n & 127])


def v22(path: Path) -> None:
    """A tag as iTunes wrote it for years."""
    held = {b"TT2": b"\0Title", b"TCO": b"\0(17)", b"PIC": b"\0PNG\x03\0" + COVER}
    frames = b"".join(k + len(v).to_bytes(3, "big") + v for k, v in held.items())
    path.write_bytes(
        b"ID3\2\0\0" + length(len(frames) + 50) + frames + bytes(50) + path.read_bytes()
    )


def unsynchronised(path: Path) -> None:
    """A tag in which zeros stand behind each 255, so that no player takes it for sound."""
    picture = b"\0image/jpeg\0\x03\0\xff\xd8\xff\xe0\xff\x00\xff\xd9" * 20
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0" + picture
    frame = re.sub(rb"\xff(?=[\xe0-\xff\0])", b"\xff\0", frame)
    path.write_bytes(b"ID3\3\0\x80" + length(len(frame) + 9) + frame + bytes(9) + path.read_bytes())


def with_footer(path: Path) -> None:
    frame = b"TCON" + length(10) + b"\0\0\3Jazz\0Funk"
    head = b"\4\0\x10" + length(len(frame))
    path.write_bytes(b"ID3" + head + frame + b"3DI" + head + path.read_bytes())


def with_lyrics(path: Path) -> None:
    words = b"LYRICSBEGIN" + b"IND0000200" + b"LYR00004la la"
    with path.open("ab") as file:
        file.write(words + b"%06d" % len(words) + b"LYRICS200")
    v1(path, 17)


def flac_full(path: Path) -> None:
    file = flac.FLAC(path)
    file["TITLE"] = "Ω"
    file["Artist"] = ["one", "two"]
    file["GENRE"] = ["Free Jazz", "Noise"]
    picture = flac.Picture()
    picture.data, picture.mime, picture.type, picture.desc = COVER, "image/png", 3, "cover"
    file.add_picture(picture)
    file.save(padding=lambda _: 0)


def ogg_full(path: Path) -> None:
    file = mutagen.File(path)
    file["title"] = ["x" * 300]
    file["METADATA_BLOCK_PICTURE"] = ["QUJD" * 30_000]  # over two pages
    file["bpm"] = ["90"]
    file.save()


def mp4_full(path: Path) -> None:
    file = mp4.MP4(path)
    file["\xa9nam"] = ["Ω"]
    file["trkn"] = [(3, 12)]
    file["covr"] = [mp4.MP4Cover(COVER, mp4.MP4Cover.FORMAT_PNG)]
    file["----:com.apple.iTunes:ISRC"] = [mp4.MP4FreeForm(b"DE123")]
    file["----:com.apple.iTunes:iTunSMPB"] = [b" 00000000 00000840"]
    file.save(padding=lambda _: 0)


def aiff_full(path: Path) -> None:
    file = mutagen.File(path)
    file.add_tags()
    for frame in frames(3).values():
        file.tags.add(frame)
    file.tags.save(path, v2_version=3)


def wav_info(
    path: Path,
    entries: bytes = b"INAM\x06\0\0\0Title\0IGNR\x05\0\0\0Folk\0\0IART\x02\0\0\0A\0",
) -> None:
    """What Windows writes: a list of information before the sound, with a genre."""
    content = path.read_bytes()
    info = b"LIST" + (4 + len(entries)).to_bytes(4, "little") + b"INFO" + entries
    size = (len(content) - 8 + len(info)).to_bytes(4, "little")
    path.write_bytes(content[:4] + size + content[8:36] + info + content[36:])


def wav_software(path: Path) -> None:
    """What FFmpeg writes: a list that names no genre, and it reads no tag beside it."""
    wav_info(path, b"ISFT\x0e\0\0\0Lavf59.27.100\0")


def wav_odd(path: Path) -> None:
    """A list whose last entry is odd, and whose length leaves out the byte that fills it up."""
    wav_info(path, b"ISFT\x05\0\0\0Lavf\0")
    content = path.read_bytes()
    end = content.index(b"Lavf\0") + 5
    size = (int.from_bytes(content[4:8], "little") + 1).to_bytes(4, "little")
    path.write_bytes(content[:4] + size + content[8:end] + b"\0" + content[end:])


def wv_full(path: Path) -> None:
    tag = apev2.APEv2()
    tag["Title"] = "Ω"
    tag.save(path)


def untouched(path: Path) -> None: ...


KINDS: dict[str, tuple[str, Callable[[Path], object], tuple[str, ...]]] = {
    "bare.mp3": ("mp3", untouched, ()),
    "v2.3, v1 and a frame that nobody knows.mp3": ("mp3", v23, ("Rock", "Metal", "Doom")),
    "v2.4 no padding.mp3": ("mp3", v24, ("Post-Rock", "Ambient")),
    "v1 only.mp3": ("mp3", v1, ()),
    "ape and v1.mp3": ("mp3", with_ape, ("Chanson",)),
    "v2.2.mp3": ("mp3", v22, ("Rock",)),
    "unsynchronised.mp3": ("mp3", unsynchronised, ()),
    "footer.mp3": ("mp3", with_footer, ("Jazz", "Funk")),
    "lyrics.mp3": ("mp3", with_lyrics, ("Rock",)),
    "cover no padding.flac": ("flac", flac_full, ("Free Jazz", "Noise")),
    "bare.flac": ("flac", untouched, ()),
    "large picture.ogg": ("ogg", ogg_full, ()),
    "bare.opus": ("opus", untouched, ()),
    "index behind.m4a": ("m4a", mp4_full, ()),
    "index before.m4a": ("front.m4a", mp4_full, ()),
    "frames.aiff": ("aiff", aiff_full, ()),
    "bare.wav": ("wav", untouched, ()),
    "information.wav": ("wav", wav_info, ("Folk",)),
    "software.wav": ("wav", wav_software, ()),
    "odd.wav": ("wav", wav_odd, ()),
    "wavpack.wv": ("wv", wv_full, ()),
    "windows.wma": ("wma", untouched, ()),
    "true.tta": ("tta", untouched, ()),
    "one bit.dsf": ("dsf", untouched, ()),
    "an MP3.flac": ("mp3", v24, ("Post-Rock", "Ambient")),
}
OURS = {"tcon", "tbpm", "genre", "bpm", "audionome_tags", "\xa9gen", "tmpo", "wm/genre"}
OURS |= {"txxx:audionome_tags", "wm/beatsperminute", "----:com.apple.itunes:audionome_tags"}


def decoded(path: Path) -> bytes:
    """All samples of the sound, as the library's decoder gives them."""
    return b"".join(block.tobytes() for block in audio.decode(path, rate=44_100, stereo=True))


def rest(path: Path) -> dict[str, Any]:
    """Everything but our three values, by mutagen alone."""
    head = path.read_bytes()[:3]
    mp3 = head == b"ID3" or head[:1] == b"\xff"
    file = None if mp3 else mutagen.File(path)
    if file is not None and hasattr(file.tags, "getall"):
        found = type(file)(path, translate=False).tags
    elif mp3:
        found = id3.ID3(path, translate=False, load_v1=False) if head == b"ID3" else {}
    else:
        found = file.tags
    kept = {k: repr(v) for k, v in dict(found or {}).items() if k.lower() not in OURS}
    if file is not None and getattr(file, "pictures", None):
        kept["pictures"] = [p.write() for p in file.pictures]
    kept["unknown"] = [bytes(x) for x in getattr(found, "unknown_frames", [])]
    return kept


def tag(paths: list[Path], listed: Path, rules: Rules = ALL, **row: Any) -> list[Any]:
    jobs = [Job.of(str(p), {**ROW, **row}) for p in paths]
    with Backup(listed) as kept:
        return [result for _, result in tagging.tag(jobs, rules, backup=kept)]


@pytest.mark.parametrize("name", KINDS)
def test_round_trip(name: str, sounds: dict[str, Path], tmp_path: Path) -> None:
    kind, prepare, genres = KINDS[name]
    path, listed = tmp_path / name, tmp_path / "list.jsonl"
    shutil.copyfile(sounds[kind], path)
    prepare(path)
    path.chmod(0o640)
    os.utime(path, ns=(10**18, 10**18 + 7))
    before, sound, content = path.read_bytes(), decoded(path), audio.content_hash(path)
    others, version = rest(path), before[3:4]
    assert tagfile.read(path).genres == genres
    (result,) = tag([path], listed)
    assert isinstance(result, Decision), result
    assert result.was.genres == genres
    assert tagfile.read(path) == SAID
    assert decoded(path) == sound
    assert audio.content_hash(path) == content
    assert path.stat().st_mode & 0o777 == 0o640
    after = rest(path)
    if kind == "mp3" and before[:3] != b"ID3":  # what the old tag said comes along
        came = {key[:4] for key in after} - {"unkn"}
        assert came == (
            {"TIT2", "TPE1", "TYER", "COMM", "TRCK"} if before[-128:-125] == b"TAG" else set()
        )
    else:
        assert after == others
    if before[:3] == b"ID3":
        assert path.read_bytes()[3:4] == max(version, b"\3")  # nobody writes 2.2 any more
        assert before[-2128:-128] in path.read_bytes()  # no byte of the sound is another
    # A player that knows nothing of us reads the genre, too.
    with av.open(str(path)) as opened:
        said = {**opened.metadata, **opened.streams[0].metadata}
    if kind not in ("tta", "dsf"):  # of those FFmpeg reads another tag, or none
        assert {k.lower(): v for k, v in said.items()}["genre"] == "Drum & Bass"

    (undone,) = backup.undo(listed)
    assert undone.how == "bytes", undone
    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == 10**18 + 7
    assert [one.how for one in backup.undo(listed)] == ["before"]
    assert os.listdir(tmp_path) == [name, "list.jsonl"] or len(os.listdir(tmp_path)) == 2


def test_old_tags_say_the_same_as_the_new_one(sounds: dict[str, Path], tmp_path: Path) -> None:
    """The number of an ID3v1 tag, the APE tag and the list of a WAV file are changed with it."""
    mp3, wav = tmp_path / "a.mp3", tmp_path / "a.wav"
    shutil.copyfile(sounds["mp3"], mp3)
    shutil.copyfile(sounds["wav"], wav)
    with_ape(mp3)
    wav_info(wav)
    end = mp3.read_bytes()[-128:]
    tag([mp3, wav], tmp_path / "list.jsonl", genre="Jazz")
    assert mp3.read_bytes()[-128:] == end[:-1] + bytes([8])
    ape = apev2.APEv2(mp3)
    assert list(ape["Genre"]) == ["Jazz"]
    assert ape["REPLAYGAIN_TRACK_GAIN"] == "-7.03 dB"
    assert ape["Cover Art (Front)"].value == b"cover.png\0" + COVER
    assert "BPM" not in ape
    assert b"IGNR\x05\0\0\0Jazz\0\0IART" in wav.read_bytes()
    with av.open(str(wav)) as opened:
        assert opened.metadata["title"] == "Title"
        assert opened.metadata["artist"] == "A"


# -- what is written ----------------------------------------------------------------------


def answer(**more: Any) -> dict[str, Any]:
    return {"genre": "hiphop", "status": "one", "confidence": 0.8, "tempo": 90.0,
            "tempo_probability": 0.9, "tags": "hip-hop|funk",
            **{f"p_{g}": 0.1 for g in GENRES}, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("was", "row", "rules", "fate", "genres"),
    [
        ((), answer(), Rules(), "new", ("Hip-Hop",)),
        (("Trip-Hop",), answer(), Rules(), "kept", ("Trip-Hop",)),
        (("Trip-Hop", "Dub"), answer(), Rules(replace=True), "new", ("Hip-Hop",)),
        (("hip hop",), answer(), Rules(replace=True), "same", ("hip hop",)),
        ((), answer(status="few", confidence=0.5), Rules(), "new", ("Hip-Hop",)),
        ((), answer(confidence=0.49), Rules(), "unsure", ()),
        ((), answer(confidence="0.49"), Rules(min_confidence=0.4), "new", ("Hip-Hop",)),
        ((), answer(status="many", confidence=0.9), Rules(), "unsure", ()),
        ((), answer(status="out-of-distribution"), Rules(min_confidence=0), "unsure", ()),
        ((), answer(status="many"), Rules(unsure=True), "new", ("Hip-Hop",)),
        ((), answer(sure="False"), Rules(), "unsure", ()),
        ((), answer(sure=False), Rules(min_confidence=0.5), "new", ("Hip-Hop",)),
        # Another program's table, and a model of one's own: a genre is written as it is.
        ((), {"genre": "hiphop"}, Rules(), "new", ("hiphop",)),
        ((), {"genre": " darkwave ", "p_darkwave": 1.0}, Rules(), "new", ("darkwave",)),
        # A line of `classify --json`.
        (
            (),
            {"genre": "hiphop", "status": "few", "probabilities": dict.fromkeys(GENRES, 0.1)},
            Rules(),
            "new",
            ("Hip-Hop",),
        ),
        ((), {"genre": None}, Rules(), "none", ()),
        ((), {"genre": float("nan")}, Rules(), "none", ()),
    ],
)
def test_what_a_file_will_say(
    was: tuple[str, ...], row: dict[str, Any], rules: Rules, fate: str, genres: tuple[str, ...]
) -> None:
    decision = decide(Values(was, 100, ("x",)), row, rules)
    assert (decision.genre, decision.now.genres) == (fate, genres)
    assert (decision.now.tempo, decision.now.ear) == (100, ("x",))  # nobody asked for them
    assert bool(decision.why) == (fate == "unsure")


def test_tempo_and_tags_when_they_are_asked_for() -> None:
    rules = Rules(tempo=True, ear_tags=True)
    assert decide(Values(), answer(), rules).now == Values(("Hip-Hop",), 90, ("hip-hop", "funk"))
    assert decide(Values(("a",), 91), answer(), rules).now.tempo == 91
    assert decide(Values((), 91), answer(), Rules(tempo=True, replace=True)).now.tempo == 90
    for row in (answer(tempo=0.0), answer(tempo_probability=0.3), answer(tempo="nan")):
        assert decide(Values(), row, rules).now.tempo is None
    line = {"tempo": {"bpm": 90.0, "probability": 0.9}, "tags": [{"name": "hip-hop"}]}
    assert decide(Values(), answer(**line), rules).now == Values(("Hip-Hop",), 90, ("hip-hop",))
    # A genre that is kept or unsure does not keep the others from being written.
    assert decide(Values(), answer(status="many"), rules).now == Values((), 90, ("hip-hop", "funk"))


@pytest.mark.parametrize("genre", ["a\nb", "x" * 101, "a\0b", "\ud800", "\x1b[31m"])
def test_what_no_tag_can_hold(genre: str) -> None:
    with pytest.raises(TagError, match=r"no line breaks.*\.$"):
        decide(Values(), {"genre": genre}, Rules())


def test_odd_genres_are_written_as_they_are_or_not_at_all(
    sounds: dict[str, Path], tmp_path: Path
) -> None:
    genres = [
        "R&B/Soul; 80's",
        "Πανκ 🎸",
        "(Neo) Folk",
        "<b>|=",
        "80",
        "日本語",
        "Café",
    ]
    for k, genre in enumerate(genres):
        for kind in ("mp3", "flac", "front.m4a", "wv"):
            path = tmp_path / f"{k}.{kind}"
            shutil.copyfile(sounds[kind], path)
            before = path.read_bytes()
            (result,) = tag([path], tmp_path / f"{k}{kind}.jsonl", Rules(), genre=genre)
            if genre == "80" and kind == "mp3":  # the number of "Folk"
                with pytest.raises(TagError, match='cannot hold the genre "80"'):  # a dry run
                    tagfile.require_writable(path, Values((genre,)))
                assert isinstance(result, Failure)
                assert 'cannot hold the genre "80"' in result
                assert path.read_bytes() == before
            else:
                assert tagfile.read(path).genres == (genre,), result
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


# -- files that must not be touched -------------------------------------------------------


def test_what_cannot_be_tagged_is_one_sentence_and_the_rest_goes_on(
    sounds: dict[str, Path], tmp_path: Path
) -> None:
    made: dict[str, str] = {}

    def file(name: str, kind: str, word: str) -> Path:
        made[name] = word
        shutil.copyfile(sounds[kind], tmp_path / name)
        return tmp_path / name

    file("a.mka", "mka", "whose tags cannot be written")
    file("b.aac", "aac", "whose tags cannot be written")
    video = file("c.mp4", "m4a", "is a video")
    with av.open(str(video), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        out.mux(stream.encode(None))
    file("d.mp3", "mp3", "not a sound file").write_text("Roses are red")
    file("e.mp3", "mp3", "is empty").write_bytes(b"")
    file("f.mp3", "mp3", "may not be written to").chmod(0o444)
    os.link(file("g.mp3", "mp3", "--separate-links"), tmp_path / "g2.mp3")
    damaged = file("h.flac", "flac", "damaged")
    damaged.write_bytes(damaged.read_bytes()[:20] + b"\xff" * 40 + damaged.read_bytes()[60:])
    # A WAV file that states no length: what is written behind would be heard.
    endless = file("i.wav", "wav", "not found again")
    content = bytearray(endless.read_bytes())
    content[40:44] = b"\xff\xff\xff\xff"
    endless.write_bytes(content)
    latin = file("j.flac", "flac", "not written in UTF-8")
    tags = flac.FLAC(latin)
    tags["artist"] = "Möt"
    tags.save()
    latin.write_bytes(latin.read_bytes().replace("Möt".encode(), b"M\xf6\xf6t"))
    cut = file("l.wav", "wav", "beyond the end of the file")
    cut.write_bytes(cut.read_bytes()[:-2000])
    unknown = file("m.mp3", "mp3", "holds frames that no later version has")
    v22(unknown)
    unknown.write_bytes(unknown.read_bytes().replace(b"TT2\0", b"XXX\0"))
    made["k.mp3"] = "does not exist"
    good = [file("y.mp3", "mp3", ""), file("z.opus", "opus", "")]
    before = {name: (tmp_path / name).read_bytes() for name in made if name != "k.mp3"}
    jobs = [Job.of(str(tmp_path / name), ROW) for name in sorted(made)]
    dry = [isinstance(result, Failure) for _, result in tagging.tag(jobs, ALL)]
    assert dry == [bool(made[name]) for name in sorted(made)]
    results = tag([tmp_path / name for name in sorted(made)], tmp_path / "list.jsonl")
    for name, result in zip(sorted(made), results, strict=True):
        if not made[name]:
            assert isinstance(result, Decision), result
            continue
        assert isinstance(result, Failure), name
        assert made[name] in result, result
        assert name in result
        assert result.endswith(".")
        if name in before:
            assert (tmp_path / name).read_bytes() == before[name]
    assert [tagfile.read(path) for path in good] == [SAID, SAID]
    assert {one.how for one in backup.undo(tmp_path / "list.jsonl")} == {"bytes"}


def test_links(sounds: dict[str, Path], tmp_path: Path) -> None:
    """A symbolic link stays one; a hard link is cut only when that is asked for."""
    store, music = tmp_path / "store", tmp_path / "music"
    store.mkdir()
    music.mkdir()
    shutil.copyfile(sounds["mp3"], store / "a.mp3")
    (music / "link.mp3").symlink_to(Path("..", "store", "a.mp3"))
    tag([music / "link.mp3"], tmp_path / "1.jsonl")
    assert os.readlink(music / "link.mp3") == os.path.join("..", "store", "a.mp3")
    assert tagfile.read(store / "a.mp3") == SAID
    assert os.listdir(music) == ["link.mp3"]
    assert [one.how for one in backup.undo(tmp_path / "1.jsonl")] == ["bytes"]

    os.link(store / "a.mp3", music / "hard.mp3")
    jobs = [Job.of(str(music / "hard.mp3"), ROW)]
    with Backup(tmp_path / "2.jsonl") as kept:
        ((_, result),) = tagging.tag(jobs, ALL, backup=kept, separate=True)
    assert isinstance(result, Decision), result
    assert tagfile.read(music / "hard.mp3") == SAID
    assert tagfile.read(store / "a.mp3") == Values()


# -- backup and undo ----------------------------------------------------------------------


def test_a_crash_at_any_moment_leaves_the_old_file_or_the_new_one(
    sounds: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp3"
    shutil.copyfile(sounds["mp3"], path)
    before = path.read_bytes()
    code = (
        "import os, sys, signal\n"
        "from pathlib import Path\n"
        "from audionome.collection.tags import backup, rewriting, tagging\n"
        "name = sys.argv[3]\n"
        "def die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)\n"
        "setattr(os, name, die)\n"
        "job = tagging.Job.of(sys.argv[1], {'genre': 'Jazz'})\n"
        "with backup.Backup(Path(sys.argv[2])) as kept:\n"
        "    list(tagging.tag([job], tagging.Rules(), backup=kept))\n"
    )
    listed = tmp_path / "1.jsonl"
    done = subprocess.run([sys.executable, "-c", code, path, listed, "replace"])
    assert done.returncode < 0
    assert path.read_bytes() == before
    assert len(listed.read_text().splitlines()) == 2  # written before the file would be replaced
    assert len(os.listdir(tmp_path)) == 3  # a copy is left,
    assert [one.how for one in backup.undo(listed)] == ["before"]
    rewriting._clear.cache_clear()
    tag([path], tmp_path / "2.jsonl", Rules())
    assert not [n for n in os.listdir(tmp_path) if n.startswith(".")]  # and the next run removes it
    # A line that the crash cut short is of a file that was not replaced.
    whole = (tmp_path / "2.jsonl").read_bytes()
    (tmp_path / "3.jsonl").write_bytes(whole + whole.splitlines()[1][:50])
    assert [one.how for one in backup.undo(tmp_path / "3.jsonl")] == ["bytes"]
    assert path.read_bytes() == before


def test_undo_after_the_file_was_changed_or_moved(sounds: dict[str, Path], tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.mp3", "b.flac", "c.ogg")]
    for path in paths:
        shutil.copyfile(sounds[path.suffix[1:]], path)
    flac_full(paths[1])
    before = [path.read_bytes() for path in paths]
    tag(paths, tmp_path / "list.jsonl")
    edited = flac.FLAC(paths[1])
    edited["title"] = "by hand, since"
    edited.save()
    new = tmp_path / "new place"
    new.mkdir()
    paths[2].rename(new / "renamed.ogg")
    lost, changed, back = backup.undo(tmp_path / "list.jsonl")
    assert lost.how == "refused"
    assert "if it was moved, name the folder" in lost.why
    assert changed.how == "refused"
    assert (
        'was changed since, so it is left as it is; its genre was "Free Jazz; Noise"' in changed.why
    )
    assert flac.FLAC(paths[1])["title"] == ["by hand, since"]
    assert back.how == "bytes"
    found = list(backup.undo(tmp_path / "list.jsonl", [new / "renamed.ogg"]))
    assert [one.how for one in found] == ["bytes", "refused", "before"]
    assert (new / "renamed.ogg").read_bytes() == before[2]


def test_where_the_bytes_cannot_come_back_the_values_do(
    sounds: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.flac"
    shutil.copyfile(sounds["flac"], path)
    flac_full(path)
    was, others = tagfile.read(path), rest(path)
    monkeypatch.setattr(difference, "MOST_KEPT", 10)
    tag([path], tmp_path / "list.jsonl")
    assert json.loads((tmp_path / "list.jsonl").read_text().splitlines()[1])["parts"] is None
    assert [one.how for one in backup.undo(tmp_path / "list.jsonl")] == ["values"]
    assert tagfile.read(path) == was
    assert rest(path) == others


def test_a_list_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text("dear\n")
    (tmp_path / "gone.jsonl").symlink_to("nowhere.jsonl")
    for name, word in {
        "old.jsonl": "is there already",
        "gone.jsonl": "no regular file",
        "a.mp3": r"should end in \.jsonl",
        "no/a.jsonl": "no folder",
    }.items():
        with pytest.raises(AudionomeError, match=word):
            Backup(tmp_path / name)
    assert (tmp_path / "old.jsonl").read_text() == "dear\n"
    with Backup(tmp_path / "new.jsonl"):
        pass
    assert not (tmp_path / "new.jsonl").exists()  # there is nothing to undo


def test_a_hostile_list_puts_nothing_into_any_file(sounds: dict[str, Path], tmp_path: Path) -> None:
    path, other = tmp_path / "a.mp3", tmp_path / "b.mp3"
    shutil.copyfile(sounds["mp3"], path)
    tag([path], tmp_path / "good.jsonl")
    head, line = (tmp_path / "good.jsonl").read_text().splitlines()
    good = json.loads(line)
    now = path.read_bytes()
    evil = b"#!/bin/sh\nrm -rf /\n"
    secret = tmp_path / "secret.txt"
    secret.write_text("dear")
    other.write_bytes(now)

    def sha(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    import base64

    entries: list[tuple[dict[str, Any], str]] = [
        # Other bytes, with a digest that fits them.
        ({"parts": [base64.b64encode(evil).decode()], "old_bytes": len(evil),
          "old_sha256": sha(evil)}, "its sound would not stay the same"),
        ({"file": str(secret), "bytes": 4, "sha256": sha(b"dear"), "old_bytes": len(evil),
          "old_sha256": sha(evil), "parts": [base64.b64encode(evil).decode()]}, "sound"),
        ({"parts": [[0, len(now)]] * 1000}, "does not give the file"),
        ({"parts": [[-5, 10], [0, 1 << 60]]}, "does not give the file"),
        ({"parts": ["not base64!"]}, "does not give the file"),
        ({"parts": [None, {}, [0], [0.5, 1]]}, "does not give the file"),
        ({"file": "/dev/zero"}, "no longer in"),
        ({"file": str(tmp_path)}, "no longer in"),
    ]  # fmt: skip
    for change, word in entries:
        listed = tmp_path / "bad.jsonl"
        listed.write_text(f"{head}\n{json.dumps({**good, **change})}\n")
        (undone,) = backup.undo(listed)
        assert undone.how == "refused", change
        assert word in undone.why, undone.why
        assert path.read_bytes() == now
        assert secret.read_text() == "dear"
    # What is no such list at all is told before the first file is touched.
    lines = [
        "[" * 100_000, '{"format": 1}', "null", "\xff\xfe", json.dumps({**good, "bytes": -1}),
        json.dumps({**good, "file": "a.mp3"}), json.dumps({**good, "old_bytes": 1 << 62}),
        json.dumps({**good, "was": {"genres": [1], "tempo": None, "ear": []}}),
        json.dumps({**good, "more": 1}), json.dumps({"file": "/a"}),
    ]  # fmt: skip
    for bad in lines:
        listed.write_text(f"{head}\n{line}\n{bad}\n", encoding="latin-1")
        with pytest.raises(AudionomeError, match=r'Line 3 of "bad\.jsonl"'):
            list(backup.undo(listed))
        listed.write_text(f"{bad}\n{line}\n", encoding="latin-1")
        with pytest.raises(AudionomeError, match="is no backup list"):
            list(backup.undo(listed))
    assert path.read_bytes() == now
    with pytest.raises(AudionomeError, match="cannot be read: no such file"):
        list(backup.undo(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("seed", range(6))
def test_any_file_is_made_again_out_of_any_other(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    content = rng.bytes(200_000)
    cuts = sorted(rng.integers(0, len(content), 8).tolist())
    pieces = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    extra = rng.bytes(300)
    changed = [
        piece if k % 3 else piece[: len(piece) // 2] + extra for k, piece in enumerate(pieces)
    ]
    if seed % 2:
        changed = changed[::-1]
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(content if seed != 4 else b"")
    new.write_bytes(b"".join(changed) if seed != 5 else b"")
    parts = difference.difference(old, new)
    assert parts is not None
    out = tmp_path / "out"
    with out.open("wb") as file:
        made = difference.rebuild(new, parts, file, size=old.stat().st_size)
    assert out.read_bytes() == old.read_bytes()
    assert made == difference.digest(old)
    kept = sum(len(part) for part in parts if isinstance(part, str))
    if seed < 4:
        assert kept < len(content)  # in base64: what is not in the new file, and hardly more
    # A small change at the same place costs a few bytes.
    new.write_bytes(content[:1000] + b"TAG" + content[1003:90_000] + b"longer" + content[90_000:])
    old.write_bytes(content)
    parts = difference.difference(old, new)
    assert parts is not None
    assert sum(len(part) for part in parts if isinstance(part, str)) < 200


# -- the command --------------------------------------------------------------------------


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["audionome", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(ended.value.code or 0), out, err

    return run


def test_from_hearing_to_undo(
    command: Callable[..., tuple[int, str, str]],
    pieces: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is written without --write, what is said is what happens, and it can be undone."""
    monkeypatch.chdir(tmp_path)
    music = tmp_path / "music"
    music.mkdir()
    for name in ("classical", "jazz"):
        shutil.copyfile(next(p for p in pieces if p.stem == name), music / f"{name} [1].ogg")
    made = mutagen.File(music / "jazz [1].ogg")
    made["genre"] = ["Bebop"]
    made.save()
    (music / "bad\x1b[31m.mp3").write_text("x")
    before = {path: path.read_bytes() for path in music.iterdir()}
    code, out, err = command("tag", music, "--jobs", 1)
    assert code == 2
    assert "classical [1].ogg: no genre → Classical (" in out
    assert "1 file of 3 would change." in out.replace("\xa0", " ")
    assert "1 file with a genre already; --replace" in out.replace("\xa0", " ")
    assert f"To write it: audionome tag {music} --jobs 1 --write" in out
    assert "not tagged" in err
    assert "\x1b[31m" not in err
    assert {path: path.read_bytes() for path in music.iterdir()} == before
    code, out, err = command("tag", music, "--jobs", 1, "--write")
    assert "1 file of 3 changed." in out.replace("\xa0", " ")
    assert "To undo it: audionome tag --undo audionome-tags-" in out
    listed = next(tmp_path.glob("audionome-tags-*.jsonl"))
    # It is told while the run goes on, which may be killed.
    assert f"also if it is stopped: audionome tag --undo {listed.name}\n" in err
    code, out, err = command("tag", music, "--jobs", 1, "--write")
    assert "0 files of 3 changed." in out.replace("\xa0", " ")
    assert "To undo it" not in out + err
    assert mutagen.File(music / "classical [1].ogg")["genre"] == ["Classical"]
    assert mutagen.File(music / "jazz [1].ogg")["genre"] == ["Bebop"]
    code, out, _ = command("tag", "--undo", listed.name)
    assert (code, out) == (0, "1\xa0file as before, to the last byte.\n")
    assert {path: path.read_bytes() for path in music.iterdir()} == before


def test_answers_from_a_table(
    command: Callable[..., tuple[int, str, str]], sounds: dict[str, Path], tmp_path: Path
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    rows = []
    names = ["a.mp3", "b.flac", "c.ogg", "d.wav", os.fsdecode(b"caf\xe9.mp3")]
    for name in names:
        path = music / name
        shutil.copyfile(sounds[path.suffix[1:]], path)
        status = path.stat()
        told = os.fsencode(path).decode("utf-8", "backslashreplace")
        about = {"bytes": status.st_size, "modified": status.st_mtime_ns}
        content = audio.content_hash(path)
        rows.append({"file": told, "genre": "Jazz", "content": content, **about})
    rows[0]["genre"] = "80"
    rows.append({**rows[1], "file": str(music / "gone.mp3")})
    rows.append({**rows[1], "file": "s3://bucket/a.mp3"})
    rows.append(rows[1])  # once more
    # Tagged since, so its bytes are others; and with another sound since.
    edited = flac.FLAC(music / "b.flac")
    edited["title"] = "since"
    edited.save()
    sf.write(music / "d.wav", np.zeros(30_000, np.float32), 44_100)
    table = tmp_path / "table.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    options = ("--jobs", 1, "--write", "--backup", tmp_path / "l.jsonl")
    code, out, err = command("tag", "--from", table, *options)
    assert code == 2
    assert "3 files of 7 changed." in out.replace("\xa0", " ")
    for word in ("another sound than when it was classified", "gone.mp3", "elsewhere", '"80"'):
        assert word in err, err
    for name in (names[1], names[2], names[4]):
        assert tagfile.read(music / name).genres == ("Jazz",)
    code, out, _ = command("tag", music / "c.ogg", "--from", table, "--replace", "--jobs", 1)
    assert "1 file with this very genre" in out.replace("\xa0", " ")
    assert "rows of the table of other files" in out
    code, out, err = command("tag", "--undo", tmp_path / "l.jsonl")
    assert (code, out) == (0, "3\xa0files as before, to the last byte.\n")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "Name files or folders"),
        (("--from", "x.csv", "--model", "ear"), "--model has no use"),
        (("--undo", "x.jsonl", "--write"), "--undo goes with no other"),
        (("--undo", "x.jsonl"), "cannot be read: no such file"),
        (("nowhere.mp3", "--model", "nosuch"), "there are: classic, ear, extended"),
        (("--from", "x.csv", "nowhere"), '"nowhere" does not exist'),
        ((".", "--write", "--backup", "x.txt"), "should end in .jsonl"),
    ],
)
def test_what_is_refused_before_any_work(
    command: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    word: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp3").write_bytes(b"x")
    code, _, err = command("tag", *arguments)
    assert code == 2
    assert word in err
    assert os.listdir(tmp_path) == ["a.mp3"]


def test_the_page_and_the_help_name_the_same_options() -> None:
    page = (Path(__file__).resolve().parents[2] / "book" / "usage.md").read_text(encoding="utf-8")
    section = page.partition("### Write genres into the files")[2].partition("\n## ")[0]
    command = typer.main.get_command(cli.app).commands["tag"]
    options = {name for parameter in command.params for name in parameter.opts}
    named = set(re.findall(r"--[a-z-]+", section))
    assert named >= {"--from", "--write", "--replace", "--min-confidence", "--undo"}
    assert named - {"--out"} <= options  # that is of classify
