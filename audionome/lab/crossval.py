"""Fit every model under every protocol, fold by fold, and keep what came out.

One *run* is a model, a variant, a protocol and a fold. Finished runs lie in
``data/results/.unfinished`` until all is merged into the committed files, so an interrupted
evaluation goes on where it stopped. Every run carries a stamp: the number of the recipe, the
hash of the data and the model's settings. A run whose stamp has changed is done again.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import batch, files
from audionome.datasets import gtzan
from audionome.datasets.artists import artist_groups
from audionome.features import COLUMNS
from audionome.lab import estimators, protocols
from audionome.lab.predictions import PROBABILITY_COLUMNS, track_probabilities
from audionome.lab.scores import COSTS, score, tally
from audionome.lab.scores import RECIPE as SCORES

__all__ = ["RECIPE", "Run", "evaluate", "evaluation_rows", "planned_runs"]

#: Raise it when a change to how the ladder splits, tunes, fits, answers or counts changes a
#: result, and run ``audionome lab evaluate`` again. Other data or settings need no new number.
RECIPE = 1

_KEYS = ["model", "variant", "protocol", "fold"]
_STAMP = ["recipe", "data", "settings"]
_RECORD = [*_KEYS, *_STAMP, "params", *COSTS]
_META = ["track", "window", "genre", "artist", "fault_filtered", "domain"]


@dataclass(frozen=True)
class Run:
    """A model, a variant, a protocol and a fold."""

    model: str
    variant: str
    protocol: str
    fold: int

    @property
    def file_name(self) -> str:
        """Name of its part."""
        return f"{self.protocol}_{self.model}_{self.variant}_{self.fold}"


def planned_runs(
    model_names: Iterable[str] | None = None, protocol_names: Iterable[str] | None = None
) -> list[Run]:
    """Return all runs of the ladder, cheap protocols first and the costliest model last.

    Parameters
    ----------
    model_names, protocol_names : iterable of str, optional
        Default: all.

    Returns
    -------
    list of Run
    """
    names = list(estimators.MODELS if model_names is None else model_names)
    chosen = list(protocols.LADDER if protocol_names is None else protocol_names)
    n_folds = {name: protocols.PROTOCOLS[name].n_folds for name in chosen}
    runs = [
        Run(name, variant, protocol, fold)
        # So that an interrupted evaluation has something to show.
        for protocol in sorted(chosen, key=n_folds.__getitem__)
        for name in names
        for variant in estimators.MODELS[name].variants
        for fold in range(n_folds[protocol])
    ]
    # One fit of the study's gradient boosting takes as long as all else of its fold.
    return sorted(runs, key=lambda r: (r.model, r.variant) == ("boosting", "study"))


# -- data ---------------------------------------------------------------------------------


def evaluation_rows(dataset: gtzan.Gtzan, wild: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one table of all windows, for every protocol.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
    wild : DataFrame, optional
        Windows from outside GTZAN: ``label``, ``track``, ``artist`` and the 57 columns.

    Returns
    -------
    DataFrame
        ``track``, ``window``, ``genre``, ``artist``, ``fault_filtered``, ``domain`` and the 57
        columns as float32.
    """
    tracks = dataset.tracks.set_index("track")
    rows = dataset.windows.drop(columns="source")
    rows.insert(3, "artist", rows["track"].map(tracks["artist"]))
    rows.insert(4, "fault_filtered", rows["track"].map(protocols.published_parts(tracks)))
    rows.insert(5, "domain", "gtzan")
    if wild is None:
        return rows[[*_META, *COLUMNS]]
    other = wild.rename(columns={"label": "genre"})
    codes, names = pd.factorize(other["artist"])
    groups = np.array(artist_groups([str(name) for name in names]))
    other = other.assign(
        window=other.groupby("track").cumcount().astype(np.int16),
        artist=tracks["artist"].max() + 1 + groups[codes],
        fault_filtered="",
        domain=np.where(other["genre"].isin(gtzan.GENRES), "wild", "unknown"),
    )
    return pd.concat([rows, other], ignore_index=True)[[*_META, *COLUMNS]]


def _in_domain(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    chosen = protocols.PROTOCOLS[protocol].eligible(rows)
    return rows.iloc[chosen].reset_index(drop=True)


# -- stamps -------------------------------------------------------------------------------


def data_version(rows: pd.DataFrame, *, artists: bool = True) -> str:
    """Return the hash of every value of a table of rows, with or without its artists."""
    names = [name for name in _META if artists or name != "artist"]
    digest = hashlib.sha256(" ".join([*names, *COLUMNS]).encode())
    digest.update(np.ascontiguousarray(rows[list(COLUMNS)].to_numpy("<f4")).tobytes())
    for name in names:
        digest.update("\n".join(rows[name].astype(str)).encode())
    return digest.hexdigest()[:16]


def _uses_artists(variant: str, protocol: str) -> bool:
    """Return whether a run hangs on who the artists are: tuning keeps them apart, too."""
    return variant == "tuned" or protocols.PROTOCOLS[protocol].separates == "artist"


def data_versions(tables: dict[str, pd.DataFrame]) -> dict[tuple[str, str], str]:
    """Return the hash of what a run reads, by variant and protocol; tables by protocol."""
    return {
        (variant, name): data_version(table, artists=_uses_artists(variant, name))
        for name, table in tables.items()
        for variant in ("study", "tuned")
    }


def _stamp(run: Run, data: str) -> dict[str, Any]:
    """Return what a run is made of; with another stamp it is another result."""
    settings = estimators.MODELS[run.model].settings(run.variant)
    return {"recipe": RECIPE, "data": data, "settings": json.dumps(settings, sort_keys=True)}


# -- one run ------------------------------------------------------------------------------


class _PeakMemory:
    """Highest resident memory of this process above where it stood (MB), while in use."""

    def __enter__(self) -> _PeakMemory:
        import psutil

        self._process = psutil.Process()
        self._start = self._top = self._process.memory_info().rss
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self._top = max(self._top, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.megabytes = (self._top - self._start) / 2**20


def _fit(run: Run, rows: pd.DataFrame, parts: protocols.Parts) -> dict[str, Any]:
    """Tune and fit one model, and predict every part."""
    X = rows[list(COLUMNS)].to_numpy(np.float64)
    names = rows["genre"].to_numpy(dtype=str)
    spec = estimators.MODELS[run.model]
    train = parts.train
    start = perf_counter()
    chosen: dict[str, Any] = {}
    if run.variant == "tuned":
        chosen = estimators.tune(spec, X[train], names[train], rows["artist"].to_numpy()[train])
    tuned = perf_counter()
    with _PeakMemory() as memory:
        model = spec.make(run.variant).set_params(**chosen).fit(X[train], names[train])
    fitted = perf_counter()
    predictions, seconds = {}, {}
    for name in ("test", "unknown", "valid", "train"):
        part = getattr(parts, name)
        if part.size:
            begin = perf_counter()
            y_pred, proba = estimators.predictions(model, X[part])
            seconds[name] = perf_counter() - begin
            predictions[name] = (part, y_pred, proba)
    return {
        "params": chosen,
        "tune_seconds": tuned - start,
        "fit_seconds": fitted - tuned,
        "predict_seconds": seconds["test"],
        "peak_mb": memory.megabytes,
        "predictions": predictions,
    }


def _tallies(
    rows: pd.DataFrame,
    part: NDArray[np.intp],
    y_pred: NDArray[np.str_],
    proba: NDArray[np.float64],
) -> dict[str, dict[str, Any]]:
    """Count the predictions about a part per window and per track."""
    y_true, tracks = (rows[c].to_numpy(dtype=str)[part] for c in ("genre", "track"))
    mean = track_probabilities(proba, tracks)
    of_track = pd.Series(y_true).groupby(tracks).first().reindex(mean.index)
    values, genres = mean.to_numpy(), np.array(gtzan.GENRES)
    names = mean.index.to_numpy(dtype=str)
    likeliest = genres[values.argmax(axis=1)]
    return {
        "window": tally(y_true, y_pred, proba, tracks),
        "track": tally(of_track.to_numpy(dtype=str), likeliest, values, names),
    }


def _work(
    run: Run, stamp: dict[str, Any], rows: pd.DataFrame, fold: protocols.Parts, folder: Path
) -> Run:
    """Do one run and write its part; the JSON comes last and makes it whole."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        # The numbers of iterations are the study's, and ours by design.
        warnings.simplefilter("ignore", ConvergenceWarning)
        done = _fit(run, rows, fold)
    identity = {name: getattr(run, name) for name in _KEYS}
    tested, tallies = [], []
    for name, (part, y_pred, proba) in done.pop("predictions").items():
        if name in ("test", "unknown"):
            tested.append(_predictions(rows, part, y_pred, proba))
            continue
        for level, counts in _tallies(rows, part, y_pred, proba).items():
            tallies.append({**identity, "split": name, "level": level, **counts})
    predictions = pd.concat(tested, ignore_index=True)
    for at, name in enumerate(_KEYS):
        predictions.insert(at, name, identity[name])
    for kind, table in (("predictions", predictions), ("tallies", pd.DataFrame(tallies))):
        with files.written_whole(_part(folder, run, kind)) as unfinished:
            table.to_parquet(unfinished, index=False)
    done["params"] = json.dumps(done["params"], sort_keys=True)
    record = {**identity, **stamp, **done}
    files.write_text(folder / f"part-{run.file_name}.json", json.dumps(record))
    return run


def _part(folder: Path, run: Run, kind: str) -> Path:
    return folder / f"part-{run.file_name}.{kind}.parquet"


def _predictions(
    rows: pd.DataFrame,
    part: NDArray[np.intp],
    y_pred: NDArray[np.str_],
    proba: NDArray[np.float64],
) -> pd.DataFrame:
    table = rows.iloc[part][["track", "window", "genre"]].reset_index(drop=True)
    table["predicted"] = np.asarray(y_pred, dtype=str)
    # Half precision keeps the file small; three digits of a probability are plenty.
    table[PROBABILITY_COLUMNS] = proba.astype(np.float16).astype(np.float32)
    return table


# -- all runs -----------------------------------------------------------------------------


def evaluate(
    rows: pd.DataFrame,
    folder: Path,
    *,
    runs: Sequence[Run] | None = None,
    jobs: int = -1,
    sources: dict[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Do all runs that are not done yet, and write the results.

    Parameters
    ----------
    rows : DataFrame
        From `evaluation_rows`.
    folder : Path
        ``data/results``. Its finished runs are kept if their stamps still hold.
    runs : sequence of Run, optional
        Default: `planned_runs()`.
    jobs : int
        Parallel processes (joblib).
    sources : dict of str to str, optional
        Hashes of the files that the rows come from; stored, so that `audionome.lab.store.load`
        can refuse results of other data.
    progress : callable, optional
        Called with (runs done, runs in all).

    Returns
    -------
    DataFrame
        The scores.

    Raises
    ------
    audionome.files.OutputError
        If the folder cannot be written to, or holds files of the same names that are not ours.
    """
    from joblib import Parallel, delayed

    runs = planned_runs() if runs is None else runs
    files.require_output_folder(folder)
    for name in ("runs", "tallies", "predictions"):
        files.own_table(folder / f"{name}.parquet", _KEYS)
    files.own_table(folder / "artists.parquet", ["track", "artist"])
    kept = files.Parts(folder / ".unfinished")
    parts = kept.folder
    # Runs of other protocols that are kept must be of these data, too.
    other = "wild" in set(rows["domain"])
    known = {n for n, p in protocols.LADDER.items() if other or not p.needs_other_music}
    tables = {name: _in_domain(rows, name) for name in known | {r.protocol for r in runs}}
    versions = data_versions(tables)
    stamps = {run: _stamp(run, versions[run.variant, run.protocol]) for run in runs}
    have = _finished(folder, parts)
    todo = [run for run in runs if have.get(run) != stamps[run]]
    folds = {
        name: _folds(protocols.PROTOCOLS[name], tables[name]) for name in {r.protocol for r in runs}
    }
    tasks = (
        delayed(_work)(run, stamps[run], tables[run.protocol], folds[run.protocol][run.fold], parts)
        for run in todo
    )
    done = len(runs) - len(todo)
    if progress is not None:
        progress(done, len(runs))
    try:
        n = jobs if jobs == 1 else batch.processes(jobs, len(todo))
        for _ in Parallel(n_jobs=n, return_as="generator_unordered")(tasks):
            done += 1
            if progress is not None:
                progress(done, len(runs))
    finally:
        artists = _artists(rows, folder / "artists.parquet")
        scores = _merge(folder, parts, artists, sources or {}, versions)
        kept.remove()
    return scores


def _folds(protocol: protocols.Protocol, rows: pd.DataFrame) -> list[protocols.Parts]:
    protocol.check(rows)
    return list(protocol.parts(rows, rows["genre"].to_numpy(str), protocol.groups_of(rows)))


def _finished(folder: Path, parts: Path) -> dict[Run, dict[str, Any]]:
    """Stamps of the runs in the committed files and in the parts."""
    records: list[dict[Any, Any]] = [*_notes(parts)]
    if (folder / "runs.parquet").is_file():
        records = pd.read_parquet(folder / "runs.parquet").to_dict("records") + records
    return {Run(*(r[name] for name in _KEYS)): {k: r.get(k) for k in _STAMP} for r in records}


def _notes(parts: Path) -> list[dict[str, Any]]:
    """Return what was noted of the finished runs; a note that was cut off counts for nothing."""
    notes = []
    for path in sorted(parts.glob("part-*.json")):
        try:
            note = json.loads(path.read_bytes())
            run = Run(*(note[name] for name in _KEYS))
            for kind in ("predictions", "tallies"):
                pd.read_parquet(_part(parts, run, kind))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if set(note) == set(_RECORD):
            notes.append(note)
    return notes


def _merge(
    folder: Path,
    parts: Path,
    artists: pd.Series,
    sources: dict[str, str],
    versions: dict[tuple[str, str], str],
) -> pd.DataFrame:
    """Put the parts into the committed files; newer runs replace older ones."""
    notes = _notes(parts)
    fresh = pd.DataFrame(notes, columns=_RECORD)
    finished = [Run(*(note[name] for name in _KEYS)) for note in notes]
    kept = _kept(folder / "runs.parquet", fresh, versions)
    tallies = _concat(parts, finished, "tallies")
    tallies = _replace(folder / "tallies.parquet", tallies, kept, ["split", "level"])
    # Of what is tested every prediction is there; counts of it would only say the same.
    tallies = tallies[tallies["split"] != "test"] if len(tallies) else tallies
    _write(tallies, folder / "tallies.parquet")
    predictions = _concat(parts, finished, "predictions")
    predictions = _replace(folder / "predictions.parquet", predictions, kept, ["track", "window"])
    runs = _replace(folder / "runs.parquet", fresh, kept, [])
    scores = score(runs, predictions, tallies, artists)
    _write(artists.reset_index(), folder / "artists.parquet")
    _write(scores, folder / "scores.parquet")
    record = {"recipe": RECIPE, "scores": SCORES, "sources": sources, "runs": len(runs)}
    files.write_text(folder / "evaluation.json", json.dumps(record, indent=1) + "\n")
    return scores


def _artists(rows: pd.DataFrame, path: Path) -> pd.Series:
    """Return each track's artist; tracks whose rows are not here keep the one that is stored."""
    here = rows.astype({"track": str}).groupby("track")["artist"].first()
    if not path.is_file():
        return here
    stored = pd.read_parquet(path).astype({"track": str}).set_index("track")["artist"]
    found: pd.Series = pd.concat([here, stored[~stored.index.isin(here.index)]]).rename_axis(
        "track"
    )
    return found


def _concat(parts: Path, finished: list[Run], kind: str) -> pd.DataFrame:
    tables = [pd.read_parquet(_part(parts, run, kind)) for run in finished]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_KEYS)


def _replace(
    path: Path, fresh: pd.DataFrame, kept: pd.MultiIndex, order: list[str]
) -> pd.DataFrame:
    """Rows of the runs to keep, and the fresh ones."""
    table = fresh
    if path.is_file():
        old = pd.read_parquet(path)
        for name in old.select_dtypes("category"):
            old[name] = old[name].astype(str)
        old = old[pd.MultiIndex.from_frame(old[_KEYS]).isin(kept)]
        table = pd.concat([old, fresh], ignore_index=True) if len(fresh) else old
    table = table.sort_values([*_KEYS, *order], ignore_index=True)
    _write(table, path)
    return table


def _kept(path: Path, fresh: pd.DataFrame, versions: dict[tuple[str, str], str]) -> pd.MultiIndex:
    """Runs that are not done anew and that the present recipe made of the present data."""
    if not path.is_file():
        return pd.MultiIndex.from_arrays([[]] * len(_KEYS), names=_KEYS)
    old = pd.read_parquet(path)
    old = old[old["recipe"] == RECIPE] if "recipe" in old else old.iloc[:0]
    present = [
        versions.get((str(v), str(p)), d) == d
        for v, p, d in zip(old["variant"], old["protocol"], old["data"], strict=True)
    ]
    old = old[np.array(present, dtype=bool)]
    before = pd.MultiIndex.from_frame(old[_KEYS].astype(dict.fromkeys(_KEYS[:3], str)))
    return before.difference(pd.MultiIndex.from_frame(fresh[_KEYS]))


def _write(table: pd.DataFrame, path: Path) -> None:
    """Compact Parquet: words as dictionaries, numbers in the smallest type that holds them."""
    table = table.copy()
    for name in table.columns:
        if name in {*_KEYS, "split", "level", "track", "genre", "predicted"} - {"fold"}:
            if all(isinstance(value, str) for value in table[name]):
                table[name] = table[name].astype("category")
        elif name in ("fold", "window"):
            table[name] = table[name].astype(np.int8)
        elif name in PROBABILITY_COLUMNS:
            table[name] = table[name].astype(np.float16)
    with files.written_whole(path) as unfinished:
        table.to_parquet(unfinished, index=False, compression="zstd", compression_level=19)
