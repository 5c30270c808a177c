"""The example pieces: what ships is what the scores say, and the scores keep their promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audionome import audio
from audionome.datasets.gtzan import GENRES
from audionome.features import rhythm, stft
from audionome.report import synth

RATE = audio.SAMPLE_RATE
EXAMPLES = Path(__file__).parents[2] / "data" / "examples"


@pytest.fixture(scope="module")
def pieces() -> dict[str, np.ndarray]:
    """Every piece, composed once."""
    return {genre: synth.compose(genre) for genre in GENRES}


def spectrum(samples: np.ndarray) -> np.ndarray:
    """Magnitude, twice as fine as 1 Hz."""
    return np.abs(np.fft.rfft(samples * np.hanning(samples.size), 2 * RATE))


def tempo(samples: np.ndarray) -> float:
    """Tempo of a whole piece by the classic definition."""
    power = np.square(np.abs(stft.stft(samples)))
    return rhythm.tempo(rhythm.onset_strength(stft.mel_decibels(power)))


@pytest.mark.parametrize("genre", GENRES)
def test_a_piece_is_sound_of_the_right_length(pieces: dict[str, np.ndarray], genre: str) -> None:
    piece = pieces[genre]
    assert piece.dtype == np.float32
    assert piece.ndim == 1
    assert 10 <= piece.size / RATE <= 15.01
    assert np.isfinite(piece).all()
    # Below full scale, without a flat top, an offset or a click at either end.
    assert 0.5 < np.abs(piece).max() < 0.9
    assert np.sum(np.abs(piece) > 0.999 * np.abs(piece).max()) < 5
    assert abs(piece.mean()) < 2e-3
    assert abs(piece[0]) < 0.01
    assert abs(piece[-1]) < 0.01
    assert np.sqrt(np.mean(piece**2)) > 0.08


def test_a_piece_is_the_same_every_time(pieces: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(synth.compose("jazz"), pieces["jazz"])


def test_no_two_pieces_are_alike(pieces: dict[str, np.ndarray]) -> None:
    rows = []
    for piece in pieces.values():
        power = spectrum(piece[: 6 * RATE]) ** 2
        rows.append(np.log([band.mean() for band in np.array_split(power[40:20000], 40)]))
    alike = np.corrcoef(np.array(rows) - np.mean(rows, axis=0))
    assert (alike - np.eye(len(GENRES))).max() < 0.9


def test_an_unknown_genre_is_said() -> None:
    with pytest.raises(ValueError, match="no piece of genre 'polka'"):
        synth.compose("polka")


@pytest.mark.parametrize("genre", [g for g in GENRES if g != "hiphop"])
def test_the_tempo_is_the_written_one(pieces: dict[str, np.ndarray], genre: str) -> None:
    # An autocorrelation knows tempi only by whole frames: near 120, steps of about 5 BPM. A quick
    # beat may be heard at half its speed; hip-hop's dotted bass leads it astray by a third.
    octave = 0.5 if genre in {"blues", "reggae"} else 1
    assert tempo(pieces[genre]) == pytest.approx(octave * synth.TEMPI[genre], rel=0.05)


def test_disco_has_a_kick_on_every_beat(pieces: dict[str, np.ndarray]) -> None:
    low = synth._band(pieces["disco"].astype(float), 40, 110)
    beats = np.array([np.abs(low[i : i + RATE // 10]).max() for i in range(0, 24 * RATE // 2 - 1,
                                                                           RATE // 2)])  # fmt: skip
    assert beats.size == 24
    assert beats.min() > 0.5 * beats.max()


def test_reggae_leaves_the_first_beat_to_the_others(pieces: dict[str, np.ndarray]) -> None:
    beat = 60 / synth.TEMPI["reggae"]

    def chops(number: int) -> float:
        """Energy in the guitar's range just after a beat of each bar."""
        high = synth._band(pieces["reggae"].astype(float), 350, 900)
        starts = [int((4 * bar + number) * beat * RATE) for bar in range(8)]
        return float(np.median([np.mean(high[s : s + RATE // 12] ** 2) for s in starts]))

    assert min(chops(1), chops(3)) > 2 * max(chops(0), chops(2))


@pytest.mark.parametrize("note", [28, 40, 52, 64, 76])
def test_a_plucked_string_is_in_tune(note: int) -> None:
    string = synth._pluck(np.random.default_rng(0), note, 1.5)
    found = spectrum(string)
    hz = synth._hz(note)
    near = slice(int(2 * hz * 0.96), int(2 * hz * 1.04) + 2)
    peak = (near.start + found[near].argmax()) / 2
    assert abs(12 * np.log2(peak / hz)) < max(0.08, 12 * np.log2(1 + 0.5 / hz))


def test_a_tone_keeps_below_the_nyquist_frequency() -> None:
    found = spectrum(synth._tone(96, 1.0, synth._SAW))  # 2 093 Hz: four partials fit
    partials = [2 * 2093 * k for k in range(1, 5)]
    mask = np.ones(found.size, dtype=bool)
    for p in partials:
        mask[p - 40 : p + 41] = False
    assert found[mask].max() < 0.01 * found.max()


def test_names_of_notes_and_chords() -> None:
    assert synth._midi("A4") == 69
    assert synth._midi("Bb3") == synth._midi("A#3") == 58
    assert synth._hz(57) == pytest.approx(220)
    assert synth._chord("Dm7", 4) == [62, 65, 69, 72]
    assert synth._chord("G", 4, lowest=60) == [62, 67, 71]


# -- what ships ---------------------------------------------------------------------------


@pytest.mark.parametrize("genre", GENRES)
def test_the_file_holds_the_piece(pieces: dict[str, np.ndarray], genre: str) -> None:
    path = EXAMPLES / f"{genre}.ogg"
    assert path.stat().st_size < 150_000
    shipped, piece = audio.load(path), pieces[genre]
    assert abs(shipped.size - piece.size) < 64
    assert np.abs(shipped).max() < 1
    n = min(shipped.size, piece.size)
    assert np.corrcoef(shipped[:n], piece[:n])[0, 1] > 0.95


def test_only_the_ten_pieces_and_their_licence_ship() -> None:
    files = {p.name for p in EXAMPLES.iterdir() if p.is_file()}
    assert files == {"LICENSE", *(f"{g}.ogg" for g in GENRES)}
    assert "CC0" in (EXAMPLES / "LICENSE").read_text()


def test_the_command_writes_them(tmp_path: Path) -> None:
    assert synth.main([str(tmp_path / "new")]) == 0
    assert sorted(p.stem for p in (tmp_path / "new").iterdir()) == sorted(GENRES)


def test_examples_are_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blues.ogg").write_text("my own blues")
    assert synth.main([str(tmp_path)]) == 2
    assert "holds blues.ogg already; --force writes over them." in capsys.readouterr().err
    assert [p.read_text() for p in tmp_path.iterdir()] == ["my own blues"]
    assert synth.main([str(tmp_path), "--force"]) == 0
    assert len(list(tmp_path.iterdir())) == len(GENRES)


def test_a_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert synth.main([str(tmp_path / "file")]) == 2
    assert "is a file; give a folder" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"
