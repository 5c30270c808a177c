"""Decoding: every container gives the same samples, every failure one sentence."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile as sf

from audionome import audio

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
    np.testing.assert_array_equal(got, audio.windows(expected))
    assert stream.duration == expected.size / RATE
    assert stream.expected == pytest.approx(31, abs=0.1)


@pytest.mark.parametrize("n", [66148, 66149, 66150, 132299, 132298, 132300, 1 << 18, 661500])
def test_the_stream_ends_where_the_windows_end(n: int) -> None:
    content = encode(0.1 * np.random.default_rng(0).normal(size=n), "float")
    if n < audio.WINDOW_LENGTH:
        with pytest.raises(audio.TooShortError):
            list(audio.WindowStream(content))
        return
    assert len(list(audio.WindowStream(content))) == len(audio.windows(np.zeros(n, np.float32)))


@pytest.mark.parametrize("error", list(failures(np.zeros(220500, np.float32))))
def test_the_stream_fails_as_load_does(error: type[audio.AudioError], tone: np.ndarray) -> None:
    with pytest.raises(error):
        list(audio.WindowStream(failures(tone)[error]))


def test_real_recordings_decode(shared: Path) -> None:
    for path in sorted((shared / "open_audio").glob("*.ogg")):
        samples = audio.load(path)
        assert samples.size / RATE == pytest.approx(sf.info(path).duration, abs=0.01)
