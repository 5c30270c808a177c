"""Decoding: every container gives the same samples, every failure one sentence."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile as sf

from audionome import audio
from audionome.audio import cutting

RATE = audio.SAMPLE_RATE


def encode(samples: np.ndarray, kind: str, rate: int = RATE) -> bytes:
    """Bytes of a recording in a format that libsndfile writes."""
    buffer = io.BytesIO()
    container, subtype = {
        "wav": ("WAV", "PCM_16"),
        "float": ("WAV", "FLOAT"),
        "flac": ("FLAC", "PCM_16"),
        "ogg": ("OGG", "VORBIS"),
        "opus": ("OGG", "OPUS"),
        "mp3": ("MP3", "MPEG_LAYER_III"),
        "aiff": ("AIFF", "PCM_16"),
    }[kind]
    sf.write(buffer, samples, rate, format=container, subtype=subtype)
    return buffer.getvalue()


def encode_by_ffmpeg(samples: np.ndarray, container: str, codec: str, rate: int = 48000) -> bytes:
    """Bytes of a recording in a format that only FFmpeg writes."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        frame.rate = RATE
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
        for part in resampler.resample(frame) + resampler.resample(None):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine of two clips at the best shift within a codec's delay."""
    n = min(a.size, b.size) - 4000
    centre = a[2000 : 2000 + n]
    shifts = range(0, 4000, 1)
    spectrum = np.fft.rfft(b, 2 * b.size) * np.conj(np.fft.rfft(centre, 2 * b.size))
    correlation = np.fft.irfft(spectrum)[list(shifts)]
    best = int(np.argmax(correlation))
    other = b[best : best + n]
    return float(centre @ other / np.linalg.norm(centre) / np.linalg.norm(other))


@pytest.mark.parametrize("kind", ["wav", "float", "flac", "aiff"])
def test_lossless_containers_give_the_samples(tone: np.ndarray, kind: str) -> None:
    got = audio.load(encode(tone, kind))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, tone, atol=1 / 32768)


@pytest.mark.parametrize("kind", ["ogg", "mp3"])
def test_lossy_containers_give_nearly_the_samples(tone: np.ndarray, kind: str) -> None:
    assert likeness(tone, audio.load(encode(tone, kind))) > 0.99


def test_opus(tone: np.ndarray) -> None:
    at_48k = np.interp(np.arange(480000) / 48000, np.arange(tone.size) / RATE, tone)
    assert likeness(tone, audio.load(encode(at_48k.astype(np.float32), "opus", 48000))) > 0.99


@pytest.mark.parametrize(
    ("container", "codec"),
    [("ipod", "aac"), ("webm", "libopus"), ("matroska", "aac"), ("mp4", "aac"), ("adts", "aac")],
)
def test_what_only_ffmpeg_reads(tone: np.ndarray, container: str, codec: str) -> None:
    got = audio.load(encode_by_ffmpeg(tone, container, codec))
    assert abs(got.size - tone.size) < 0.1 * RATE
    assert likeness(tone, got) > 0.98


def test_path_bytes_and_file_are_the_same(tone: np.ndarray, tmp_path: Path) -> None:
    content = encode(tone, "flac")
    path = tmp_path / "named_wrongly.mp3"
    path.write_bytes(content)
    expected = audio.load(content)
    with path.open("rb") as file:
        np.testing.assert_array_equal(audio.load(file), expected)
    np.testing.assert_array_equal(audio.load(path), expected)
    np.testing.assert_array_equal(audio.load(str(path)), expected)


def test_channels_are_averaged(tone: np.ndarray) -> None:
    stereo = np.stack([tone, np.zeros_like(tone)], axis=1)
    np.testing.assert_allclose(audio.load(encode(stereo, "float")), tone / 2, atol=1e-7)


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_other_rates_are_resampled(rate: int) -> None:
    t = np.arange(4 * rate) / rate
    got = audio.load(encode(0.5 * np.sin(2 * np.pi * 1000 * t), "float", rate))
    assert abs(got.size - 4 * RATE) <= 2
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(got.size) / RATE)
    np.testing.assert_allclose(got[2000:-2000], expected[2000:-2000], atol=1e-3)


def failures(tone: np.ndarray) -> dict[type[audio.AudioError], bytes]:
    """Bytes of one recording for each way to fail."""
    broken = tone.copy()
    broken[5] = np.nan
    flac = encode(tone, "flac")
    video = io.BytesIO()
    with av.open(video, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        frame = av.VideoFrame(64, 64, "yuv420p")
        for part in (*stream.encode(frame), *stream.encode(None)):
            out.mux(part)
    return {
        audio.EmptyAudioError: b"",
        audio.NotAudioError: b"Dear diary, today I wrote a text file.\n" * 40,
        audio.DamagedAudioError: flac[:60] + bytes(len(flac) // 2),
        audio.NoAudioStreamError: video.getvalue(),
        audio.TooShortError: encode(tone[: 2 * RATE], "wav"),
        audio.SilentError: encode(np.zeros(5 * RATE), "wav"),
        audio.NotFiniteError: encode(broken, "float"),
    }


@pytest.mark.parametrize("error", list(failures(np.zeros(220500, np.float32))))
def test_each_failure_has_its_error_and_one_sentence(
    error: type[audio.AudioError], tone: np.ndarray, tmp_path: Path
) -> None:
    content = failures(tone)[error]
    with pytest.raises(error) as caught:
        audio.load(content)
    path = tmp_path / "holiday.wav"
    path.write_bytes(content)
    with pytest.raises(error, match=r"holiday\.wav"):
        audio.load(path)
    sentence = str(caught.value)
    assert sentence.startswith("The recording ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "Error" not in sentence


def test_a_wav_without_samples_is_empty() -> None:
    with pytest.raises(audio.EmptyAudioError):
        audio.load(encode(np.zeros(0), "wav"))


def test_damaged_m4a_is_not_called_text(tone: np.ndarray) -> None:
    content = encode_by_ffmpeg(tone, "ipod", "aac")
    with pytest.raises(audio.DamagedAudioError):
        audio.load(content[: len(content) // 2])


def test_too_long_stops_decoding(tone: np.ndarray) -> None:
    with pytest.raises(audio.TooLongError, match="5 seconds"):
        audio.load(encode(tone, "wav"), max_seconds=5)
    assert audio.load(encode(tone, "wav"), max_seconds=10).size == tone.size


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(audio.UnreadableFileError, match="does not exist"):
        audio.load(tmp_path / "no.wav")
    with pytest.raises(audio.UnreadableFileError, match="folder"):
        audio.load(tmp_path)


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(encode(np.ones(RATE * 4) * 0.1, "wav"))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    with pytest.raises(audio.NotAudioError):
        audio.load(playlist.encode())
    with pytest.raises(audio.NotAudioError):
        audio.load(f"ffconcat version 1.0\nfile {secret}\n".encode())


def test_windows_are_the_published_ones() -> None:
    samples = np.arange(661500, dtype=np.float32)
    cut = audio.windows(samples)
    assert cut.shape == (10, 66149)
    assert cut[:, 0].tolist() == [66150 * k for k in range(10)]
    assert audio.windows(samples[: 66150 * 2 - 2]).shape[0] == 1
    assert audio.windows(samples[: 66150 * 2 - 1]).shape[0] == 2
    assert audio.windows(samples[:66148]).shape == (0, 66149)


@pytest.mark.parametrize("kind", ["wav", "mp3"])
@pytest.mark.parametrize("rate", [RATE, 44100])
def test_the_stream_gives_the_windows(kind: str, rate: int) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=(rate * 31, 2))
    content = encode(noise, kind, rate)
    stream = audio.WindowStream(content)
    got = np.array(list(stream))
    expected = audio.load(content)
    np.testing.assert_array_equal(got[:10], audio.windows(expected))
    # The last second is heard too, in a window that overlaps the one before.
    np.testing.assert_array_equal(got[10:], [expected[-66149:]])
    assert stream.duration == expected.size / RATE
    assert stream.times[:10] == [(3.0 * k, pytest.approx(3.0 * k + 3)) for k in range(10)]
    assert stream.times[10] == pytest.approx((stream.duration - 3, stream.duration))
    assert stream.expected == pytest.approx(31, abs=0.1)


@pytest.mark.parametrize(
    ("n", "windows"),
    [(66148, 0), (66149, 1), (66150, 1), (66150 + 15434, 1), (66150 + 15435, 2), (132298, 2),
     (132299, 2), (132300, 2), (110250, 2), (1 << 18, 4), (661500, 10), (661794, 10)],
)  # fmt: skip
def test_the_stream_ends_where_the_sound_ends(n: int, windows: int) -> None:
    samples = 0.1 * np.random.default_rng(0).normal(size=n).astype(np.float32)
    content = encode(samples, "float")
    if not windows:
        with pytest.raises(audio.TooShortError):
            list(audio.WindowStream(content))
        return
    got = list(audio.WindowStream(content))
    assert len(got) == windows
    assert all(window.size == audio.WINDOW_LENGTH for window in got)
    if n - 66150 * (n // 66150) >= 15435 and n != 132299:
        np.testing.assert_array_equal(got[-1], samples[-66149:])


@pytest.mark.parametrize("error", list(failures(np.zeros(220500, np.float32))))
def test_the_stream_fails_as_load_does(error: type[audio.AudioError], tone: np.ndarray) -> None:
    with pytest.raises(error):
        list(audio.WindowStream(failures(tone)[error]))


def test_real_recordings_decode(clips: list[Path]) -> None:
    for path in clips:
        samples = audio.load(path)
        assert samples.size / RATE == pytest.approx(sf.info(path).duration, abs=0.01)


# -- the real end of the data --------------------------------------------------------------


def music(seconds: float, *, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Chords of a few decaying partials with noise: something that no codec takes for silence."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    sound = 0.02 * rng.normal(size=t.size)
    for frequency in rng.uniform(100, 2000, 6):
        sound += 0.08 * np.sin(2 * np.pi * frequency * t) * np.exp(-3 * (t % 0.5))
    return sound.astype(np.float32)


def heard(content: bytes) -> tuple[float, dict[str, str]]:
    """Seconds of a recording, and its notes by kind."""
    stream = audio.WindowStream(content)
    list(stream)
    return stream.duration, {note.kind: note.text for note in stream.notes}


CUT = {"wav": 30, "flac": 30, "mp3": 30, "aiff": 30, "ogg": None, "opus": None}


@pytest.mark.parametrize("tenths", [2, 5, 9])
@pytest.mark.parametrize("kind", list(CUT))
def test_a_file_that_was_cut_is_heard_to_its_end_and_says_so(kind: str, tenths: int) -> None:
    rate = 48000 if kind == "opus" else 44100
    whole = encode(music(30, rate=rate), kind, rate)
    seconds, notes = heard(whole)
    assert seconds == pytest.approx(30, abs=0.1)
    assert notes == {}
    seconds, notes = heard(whole[: len(whole) * tenths // 10])
    # Codecs of variable bit rate do not end at the same share.
    assert seconds == pytest.approx(3 * tenths, abs=0.6 if CUT[kind] else 2.5)
    assert set(notes) == {"cut"}
    assert f"the first {seconds:.1f} s" in notes["cut"]
    assert ("30.0 s" in notes["cut"]) == (CUT[kind] is not None)


def test_a_cut_file_gives_the_same_samples_every_time() -> None:
    whole = encode(music(30, rate=44100), "mp3", 44100)
    cut = whole[: len(whole) // 8]
    first = audio.load(cut)
    assert first.size < 4.5 * RATE
    for _ in range(3):
        np.testing.assert_array_equal(audio.load(cut), first)


def with_xing(content: bytes, frames: int) -> bytes:
    """Change the number of frames that the header of an MP3 file states."""
    at = max(content.find(b"Xing"), content.find(b"Info"))
    assert at > 0
    return content[: at + 8] + frames.to_bytes(4, "big") + content[at + 12 :]


@pytest.mark.parametrize("frames", [0, 10, 200, 0x7FFFFFFF])
def test_a_lying_header_changes_nothing(frames: int) -> None:
    whole = encode(music(15, rate=44100), "mp3", 44100)
    seconds, notes = heard(with_xing(whole, frames))
    assert seconds == pytest.approx(15, abs=0.1)
    assert notes == {}


def with_total(content: bytes, samples: int) -> bytes:
    """Change the length that the header of a FLAC file states."""
    head = bytearray(content)
    head[21] = head[21] & 0xF0 | samples >> 32
    head[22:26] = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(head)


@pytest.mark.parametrize("samples", [0, 5 * RATE, (1 << 36) - 1])
def test_flac_of_unknown_or_wrong_length_is_heard_whole(samples: int) -> None:
    sound = music(15)
    content = with_total(encode(sound, "flac"), samples)
    np.testing.assert_allclose(audio.load(content), sound, atol=1 / 32768)
    assert heard(content)[1] == {}


def test_wav_from_a_pipe_states_no_length() -> None:
    content = bytearray(encode(music(10), "wav"))
    at = content.index(b"data") + 4
    for size in (0, 0xFFFFFFFF, 0x7FFFFFFF):
        content[at : at + 4] = size.to_bytes(4, "little")
        assert heard(bytes(content)) == (10.0, {})


@pytest.mark.parametrize("kind", ["ogg", "opus"])
def test_chained_recordings_are_all_heard(kind: str) -> None:
    rate = 48000 if kind == "opus" else 44100
    pieces = [encode(music(s, rate=rate, seed=s), kind, rate) for s in (1, 8, 6)]
    assert heard(b"".join(pieces))[0] == pytest.approx(15, abs=0.1)


def test_a_change_on_the_way_is_heard_and_said() -> None:
    fast = encode(np.stack([music(6, rate=44100)] * 2, axis=1), "ogg", 44100)
    slow = encode(music(6), "ogg")
    seconds, notes = heard(fast + slow)
    assert seconds == pytest.approx(12, abs=0.1)
    assert "channels" in notes["changing"]
    stream = audio.WindowStream(fast + slow)
    list(stream)
    assert "44.1 kHz and 22.05 kHz" in " ".join(note.text for note in stream.notes)


@pytest.mark.parametrize("kind", ["flac", "mp3"])
def test_damage_is_passed_over_and_said(kind: str) -> None:
    rate = 44100
    content = bytearray(encode(music(20, rate=rate), kind, rate))
    at = len(content) // 2
    if kind == "flac":
        content[at] ^= 0x10  # one bit
    else:
        content[at : at + 4000] = bytes(4000)
    seconds, notes = heard(bytes(content))
    assert seconds == pytest.approx(20, abs=0.6)
    assert set(notes) == {"damaged"}
    if kind == "flac":
        assert np.abs(audio.load(bytes(content))).max() < 0.9  # no burst of noise


@pytest.mark.parametrize("phase", [-1.0, -0.9])
def test_channels_that_cancel_out_are_not_silence(phase: float) -> None:
    sound = music(6)
    content = encode(np.stack([sound, phase * sound], axis=1), "float")
    np.testing.assert_allclose(audio.load(content), (1 - phase) / 2 * sound, atol=1e-6)
    assert set(heard(content)[1]) == {"cancelling"}


@pytest.mark.parametrize("part", ["half", "seconds"])
def test_channels_that_cancel_out_for_a_while_are_heard_throughout(part: str) -> None:
    sound = music(20)
    other = sound.copy()
    if part == "half":
        other[other.size // 2 :] *= -1
    else:
        for start in range(0, other.size, 2 * RATE):
            other[start : start + RATE] *= -1
    stream = audio.WindowStream(encode(np.stack([sound, other], axis=1), "float"))
    got = np.concatenate(list(stream.blocks()))
    # Up to the frame in which the phase turns, nothing is lost and no level jumps.
    assert np.mean(np.abs(got - sound) < 1e-6) > 0.95
    (note,) = stream.notes
    assert note.kind == "cancelling"
    assert 9.4 < float(note.text.split(" for ")[1].split(" s")[0]) <= 10


def test_a_quiet_intro_out_of_phase_does_not_choose_the_channel() -> None:
    tone = 0.01 * np.sin(2 * np.pi * 220 * np.arange(7 * RATE) / RATE)
    channels = np.zeros((27 * RATE, 6), np.float32)
    channels[: 7 * RATE, 0], channels[: 7 * RATE, 1] = tone, -tone
    channels[7 * RATE :, 2] = music(20)
    stream = audio.WindowStream(encode(channels, "float"))
    got = np.concatenate(list(stream.blocks()))
    np.testing.assert_allclose(got[8 * RATE :], channels[8 * RATE :, 2] / 6, atol=1e-6)


def test_channels_of_their_own_are_still_averaged() -> None:
    channels = np.stack([music(6, seed=s) for s in range(4)], axis=1)
    content = encode(channels, "float")
    np.testing.assert_allclose(audio.load(content), channels.mean(axis=1), atol=1e-6)
    assert heard(content)[1] == {}


def test_the_track_that_sounds_is_heard() -> None:
    buffer = io.BytesIO()
    sound = music(6, rate=48000)
    with av.open(buffer, "w", format="matroska") as out:
        streams = [out.add_stream("pcm_s16le", rate=48000, layout="mono") for _ in range(2)]
        for stream, samples in zip(streams, (np.zeros_like(sound), sound), strict=True):
            pcm = np.round(samples * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
            frame.rate, frame.pts = 48000, 0
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    seconds, notes = heard(buffer.getvalue())
    assert seconds == pytest.approx(6, abs=0.1)
    assert set(notes) == {"track"}
    assert "track 2 was heard" in notes["track"]


@pytest.mark.parametrize(("rate", "said"), [(8000, "4 kHz"), (16000, "8 kHz"), (22050, None)])
def test_missing_high_frequencies_are_said(rate: int, said: str | None) -> None:
    notes = heard(encode(music(6, rate=rate), "wav", rate))[1]
    assert set(notes) == ({"low_rate"} if said else set())
    assert said is None or said in notes["low_rate"]


def test_a_constant_offset_is_removed() -> None:
    sound = music(6)
    (first, _) = audio.WindowStream(encode(0.5 * sound + 0.4, "float")).pieces()
    assert abs(first.mean()) < 1e-4
    np.testing.assert_allclose(first, 0.5 * sound[:66150], atol=1e-3)


# -- limits --------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1, 25, 3999, 800_000, 4_000_000_000])
def test_absurd_rates_are_refused_at_once(rate: int) -> None:
    content = bytearray(encode(music(5), "wav"))
    content[24:28] = rate.to_bytes(4, "little")
    with pytest.raises(audio.AudioError, match=r"sample rate|no sound|not a sound file"):
        audio.load(bytes(content))


def test_a_stated_length_beyond_the_limit_is_told_before_decoding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = encode(music(30), "flac")

    def decode(*_: object) -> None:
        raise AssertionError("a sample was decoded")

    monkeypatch.setattr("audionome.audio.decoding._planes", decode)
    with pytest.raises(audio.TooLongError, match=r"20 seconds \(it states 30\.0 s\)"):
        audio.load(content, max_seconds=20)


@pytest.mark.parametrize("value", [1e30, 3e38, -3e38, np.inf, np.nan])
def test_samples_beyond_any_scale_are_refused(value: float) -> None:
    sound = music(5)
    sound[1000:50000] = value
    with pytest.raises(audio.NotFiniteError):
        audio.load(encode(sound, "float"))


def test_samples_of_another_scale_are_music() -> None:
    sound = music(5)
    np.testing.assert_allclose(audio.load(encode(sound * 32768, "float")) / 32768, sound, atol=1e-5)


def test_odd_paths_get_a_sentence(tmp_path: Path) -> None:
    import os
    import socket

    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "s"))
    for path in (pipe, tmp_path / "s", Path("/dev/zero")):
        with pytest.raises(audio.UnreadableFileError, match="pipe or a device"):
            audio.load(path)
    listening.close()
    for path in (tmp_path / ("x" * 300), tmp_path / "a\0b"):
        with pytest.raises(audio.UnreadableFileError):
            audio.load(path)


# -- silence -------------------------------------------------------------------------------


def stretches(*parts: float) -> np.ndarray:
    """Music (positive seconds) and silence (negative seconds), one after the other."""
    sound = iter(np.split(music(60), 60))
    made = []
    for seconds in parts:
        n = round(abs(seconds) * RATE)
        made.append(
            np.concatenate([next(sound) for _ in range(int(seconds))])
            if seconds > 0
            else np.zeros(n, np.float32)
        )
    return np.concatenate(made)


@pytest.mark.parametrize("before", [0.0, 3.0, 6.0, 10.0, 1.234])
@pytest.mark.parametrize("after", [0.0, 3.0, 10.0, 0.3])
def test_silence_around_the_sound_changes_no_window(before: float, after: float) -> None:
    sound = stretches(20)
    alone = list(audio.WindowStream(encode(sound, "float")))
    padded = np.pad(sound, (round(before * RATE), round(after * RATE)))
    stream = audio.WindowStream(encode(padded, "float"))
    np.testing.assert_array_equal(np.array(list(stream)), np.array(alone))
    assert stream.silence == pytest.approx(before + after, abs=0.02)
    assert stream.times[0][0] == pytest.approx(before, abs=0.001)
    assert stream.times[-1][1] == pytest.approx(before + 20, abs=0.02)


def test_a_gap_is_left_out_and_the_times_stay_those_of_the_recording() -> None:
    stream = audio.WindowStream(encode(stretches(9, -60, 6), "float"))
    windows = list(stream)
    assert len(windows) == 5
    assert stream.silence == pytest.approx(60, abs=0.02)
    assert [start for start, _ in stream.times] == pytest.approx([0, 3, 6, 69, 72], abs=0.02)
    notes = {note.kind: note.text for note in stream.notes}
    assert notes == {"silence": "1:00 min of silence were left out."}


def test_a_short_pause_belongs_to_the_music() -> None:
    samples = stretches(4, -0.9, 4)
    stream = audio.WindowStream(encode(samples, "float"))
    np.testing.assert_array_equal(next(iter(stream)), samples[:66149])
    assert stream.silence == 0


def test_what_is_too_short_between_silence_says_so() -> None:
    with pytest.raises(audio.TooShortError, match=r"1\.0 s of sound"):
        list(audio.WindowStream(encode(stretches(-5, 1, -5), "float")))


def test_a_short_recording_may_have_silent_ends() -> None:
    samples = np.pad(music(2.8), (2000, 5000))
    (window,) = audio.WindowStream(encode(samples, "float"))
    np.testing.assert_array_equal(window[:60000], samples[2000:62000])


def test_a_hum_far_below_the_music_is_silence() -> None:
    rng = np.random.default_rng(0)
    sound = stretches(20)
    loud = sound / np.abs(sound).max()
    quiet = (2e-4 * rng.normal(size=10 * RATE)).astype(np.float32)
    stream = audio.WindowStream(encode(np.concatenate([quiet, loud, quiet]), "float"))
    assert len(list(stream)) == len(list(audio.WindowStream(encode(loud, "float"))))
    assert stream.silence == pytest.approx(20, abs=0.1)


def test_memory_does_not_grow_with_silence() -> None:
    gate = cutting._Gate(RATE)
    sound = stretches(3)
    blocks = (np.zeros(RATE, np.float32) if 0 < k < 3600 else sound for k in range(3601))
    got = list(gate.sounding(blocks))
    assert sum(part.size for part in got) == 2 * sound.size
    assert gate.silent == 3599 * RATE
