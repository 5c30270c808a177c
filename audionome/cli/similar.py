"""``audionome index``, ``similar`` and ``playlist``: what sounds alike in one's own music."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audionome import files
from audionome._words import clock, counted, printable
from audionome.cli._collection import Told, going_on, nameless, require_dask, tell_errors
from audionome.cli._common import FAILED, JOBS, console, escape, fail, quiet_libraries

if TYPE_CHECKING:
    from audionome.collection.index import Built, Found, Track

__all__ = ["index", "playlist", "similar"]

_INDEX = Path("music.index")
_IN = Annotated[Path, typer.Option("--in", metavar="INDEX", help="Written by `audionome index`.")]
_OTHERS = Annotated[bool, typer.Option("--other-artists", help="Leave out the artist of the file.")]


def index(
    sources: Annotated[
        list[str], typer.Argument(help="Folders, files or URLs of your music.", metavar="FOLDER")
    ],
    out: Annotated[
        Path, typer.Option(metavar="INDEX", help="What to write or renew, such as my.index.")
    ] = _INDEX,
    jobs: JOBS = -1,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FOLDER",
            help="Drop the tracks of a folder or file that you moved or gave away; may be given "
            "again.",
            show_default=False,
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler, whose workers listen instead."),
    ] = None,
) -> None:
    """Listen to a collection, so that `audionome similar` can search it.

    It can be ended at any moment; the same command goes on. Run it again when music has come or
    gone: only what is new is listened to. Exit code 2 if a file could not be read.
    """
    from audionome.collection import index as room

    if dask is not None:
        require_dask(dask)
    with quiet_libraries(), Told() as told, going_on(told):
        built = room.build(
            [source or nameless() for source in sources],
            out,
            jobs=jobs,
            cluster=dask,
            progress=told,
            tell=lambda sentence: console(stderr=True).print(sentence),
            forget=[name or nameless() for name in forget or ()],
        )
    _tell_built(built)
    if built.done.failed:
        raise typer.Exit(FAILED)


def _tell_built(built: Built) -> None:
    done, errors = built.done, console(stderr=True)
    if left_out := files.describe_skipped(done.skipped):
        errors.print(left_out, markup=False)
    if built.older:
        errors.print(
            f"{counted(built.older, 'track')} of other folders {_are(built.older)} of an earlier "
            "version and cannot be found; index these folders again."
        )
    if not built.fast:
        errors.print(
            "A search looks at every track, as usearch is not installed; run: "
            "pip install 'audionome\\[collections]', then this command again."
        )
    parts = [f"{counted(done.computed, 'file')} listened to"]
    parts += [f"{done.kept:,} done before"] if done.kept else []
    parts += [f"{done.reused:,} known by their content"] if done.reused else []
    parts += [f"{done.gone:,} dropped as they are gone"] if done.gone else []
    console().print(f"{', '.join(parts)}.", markup=False)
    shown = printable(str(built.path))
    if built.path.exists():
        console().print(f"{counted(built.tracks, 'track')} in {shown}.", markup=False)
    else:
        errors.print(f"No file could be listened to: {shown} was not written.", markup=False)
    if built.errors is not None:
        tell_errors(built.errors, built.n_errors)


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def similar(
    like: Annotated[
        list[str],
        typer.Argument(help="A recording, in the index or not; of several, the mean.",
                       metavar="FILE"),
    ],
    within: _IN = _INDEX,
    n: Annotated[int, typer.Option("-n", "--number", min=1, help="How many tracks.")] = 10,
    other_artists: _OTHERS = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:  # fmt: skip
    """Find the tracks of an index that sound most like a recording.

    The recording itself is left out, also under another name.
    """
    found = _found(like, within, n=n, other_artists=other_artists)
    if as_json:
        print(json.dumps(_record(found), allow_nan=False))
    else:
        for track in found.tracks:
            console().print(_told(track))
    if not found.tracks:
        console(stderr=True).print("The index holds no other track.")


def _found(like: Sequence[str], within: Path, *, n: int, other_artists: bool) -> Found:
    from audionome.collection.index import Index

    with quiet_libraries(), Index(within) as mine:
        found = mine.similar(like, n=n, other_artists=other_artists)
        if mine.older:
            console(stderr=True).print(
                f"{counted(mine.older, 'track')} of {escape(str(within))} {_are(mine.older)} of an "
                "earlier version and cannot be found; run `audionome index` again."
            )
        if mine.graph_lost:
            console(stderr=True).print(
                f"Every track was looked at, as the graph beside {escape(str(within))} is missing "
                "or damaged; run `audionome index` again."
            )
    for name in found.unknown:
        console(stderr=True).print(
            f"The tags of {escape(name)} name no artist: the tracks in its folder are left out."
        )
    if found.doubtful:
        console(stderr=True).print(
            f"{counted(found.doubtful, 'track')} in the same folder left out: alike as well, but "
            "nobody knows the artist."
        )
    return found


def _record(found: Found) -> dict[str, Any]:
    return {
        "like": [_written(track) for track in found.seeds],
        "tracks": [
            {**_written(track), "similarity": round(track.similarity, 4)} for track in found.tracks
        ],
    }


def _written(track: Track) -> dict[str, Any]:
    from audionome.collection.table import text_of

    return {
        "file": text_of(track.file),
        "artist": track.artist,
        "title": track.title,
        "seconds": track.seconds,
        "there": track.there,
        "copies": [text_of(name) for name in track.copies],
    }


def _told(track: Track) -> str:
    """Return a track in two lines, so that its path can be copied whole."""
    names = " - ".join(filter(None, (track.artist, track.title)))
    marks = "" if track.there else " (gone)"
    if track.copies:
        marks += f" (and {counted(len(track.copies), 'copy', 'copies')})"
    first = f"{track.similarity:5.2f}  {clock(track.seconds):>6}  "
    path = f"{escape(track.file)}{marks}"
    return f"{first}{escape(names)}\n{' ' * len(first)}[dim]{path}[/]" if names else first + path


def playlist(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The playlist: x.m3u8 or x.m3u.")],
    table: Annotated[
        Path | None,
        typer.Option("--from", metavar="TABLE", help="Written by `audionome classify --out`."),
    ] = None,
    genres: Annotated[
        list[str] | None, typer.Option("--genre", help="Of the table; may be given again.")
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Least confidence of an answer.", show_default="what the table has"
        ),
    ] = None,
    unsure: Annotated[
        bool, typer.Option("--unsure", help="With --genre: also take answers that are not sure.")
    ] = False,
    like: Annotated[
        list[str] | None,
        typer.Option("--like", metavar="FILE", help="A recording; may be given again."),
    ] = None,
    within: Annotated[
        Path | None, typer.Option("--in", metavar="INDEX", help="Written by `audionome index`.")
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("-n", "--number", min=1, help="How many tracks.",
                     show_default="all of a genre, 25 that are alike"),
    ] = None,
    other_artists: _OTHERS = False,
) -> None:  # fmt: skip
    """Write a playlist: all files of a genre, or a recording and what sounds like it.

    For a genre: --from TABLE --genre GENRE. For a recording: --like FILE --in INDEX.
    """
    from audionome.collection import playlist as room

    room.require(out)
    if table is not None and genres and not (like or within or other_artists):
        chosen = room.by_genre(table, genres, min_confidence=min_confidence, unsure=unsure, n=n)
    elif like and not (table or genres or unsure or min_confidence is not None):
        found = _found(like, within or _INDEX, n=n or 25, other_artists=other_artists)
        chosen = room.by_likeness(found)
    else:
        fail("give --from TABLE and --genre GENRE, or --like FILE and --in INDEX.")
    written, missing = room.write(out, chosen.entries)
    errors = console(stderr=True)
    if missing:
        errors.print(f"{counted(missing, 'file')} left out: no longer there.")
    if chosen.unsure:
        errors.print(
            f"{counted(chosen.unsure, 'file')} left out, as the answer is not sure; "
            "--unsure takes them."
        )
    console().print(f"{escape(str(out))}: {counted(written, 'track')}.")
