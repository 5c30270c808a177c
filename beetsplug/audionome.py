"""Genres for a beets library, by ear: ``beet audionome [QUERY]``.

Needs ``plugins: audionome`` in the configuration of beets. The options, with their defaults:

.. code-block:: yaml

    audionome:
        auto: no            # also while music is imported
        model: ear
        replace: no
        min_confidence: 0.5
        unsure: no
        tempo: no
        ear_tags: no
        jobs: -1

They mean what they mean for ``audionome tag``. What was found is also kept in the fields
``audionome_genre`` and ``audionome_confidence``; what was there before, and what was written
instead, in ``audionome_was``, and of albums in ``audionome_album_genre``.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from optparse import Values as Options
from pathlib import Path
from typing import Any

from beets import ui
from beets.dbcore import types
from beets.library import Album, Item, Library
from beets.plugins import BeetsPlugin

from audionome import batch
from audionome._words import counted, likelihood, printable
from audionome.batch import Failure
from audionome.collection import table
from audionome.collection.answers import MIN_CONFIDENCE
from audionome.collection.tags import tagfile, tagging
from audionome.collection.tags.deciding import Decision, Rules, decide
from audionome.collection.tags.values import BETWEEN, EAR_FIELD, Values, words
from audionome.errors import AudionomeError
from audionome.models.classifier import load_classifier

__all__ = ["AudionomePlugin"]


class AudionomePlugin(BeetsPlugin):
    """The command ``audionome``, and a stage of the import if it is asked for."""

    item_types = {  # noqa: RUF012 (beets' own way)
        "audionome_genre": types.STRING,
        "audionome_confidence": types.FLOAT,
        "audionome_tags": types.STRING,
        "audionome_was": types.STRING,
    }

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {
                "auto": False,
                "model": "ear",
                "replace": False,
                "min_confidence": MIN_CONFIDENCE,
                "unsure": False,
                "tempo": False,
                "ear_tags": False,
                "jobs": -1,
            }
        )
        self._has_field = False
        if self.config["ear_tags"].get(bool):
            self._add_field()
        self._only_listed = 0
        if self.config["auto"].get(bool):
            self.import_stages = [self._imported]
            self.register_listener("import", self._import_ended)

    def commands(self) -> list[ui.Subcommand]:
        """Return the command."""
        command = ui.Subcommand("audionome", help="write genres, found by ear")
        add = command.parser.add_option
        add("--write", action="store_true", help="write; without it, show what would be written")
        add("--replace", action="store_true", default=None, help="also replace what is there")
        add("--min-confidence", type="float", help="least probability of a genre [0.5]")
        add("--unsure", action="store_true", default=None, help="also write unsure answers")
        add("--tempo", action="store_true", default=None, help="also write the tempo")
        add("--ear-tags", action="store_true", default=None, help="also write what it sounds like")
        add("--from", dest="table", help="take the answers from this table")
        add("--model", help="ear, extended, classic, or a file")
        add("--jobs", type="int", help="parallel processes [all cores]")
        add("--undo", action="store_true", help="bring back what was there before")
        command.func = self._command
        return [command]

    # -- the command ----------------------------------------------------------------------

    def _command(self, library: Library, options: Options, query: list[str]) -> None:
        try:
            if options.undo:
                self._undo(library.items(query))
            else:
                self._tag(library.items(query), options, query)
        except AudionomeError as error:
            raise ui.UserError(printable(str(error))) from error

    def _tag(self, items: Iterable[Item], options: Options, query: Sequence[str]) -> None:
        rules = self._rules(options)
        model = options.model or self.config["model"].as_str()
        if not options.table:
            load_classifier(model)  # a wrong name is told before any file is read
        jobs = batch.require_jobs(self._of("jobs", options.jobs, int))
        told: Counter[str] = Counter()
        unsure: Counter[str] = Counter()
        changed: dict[int, Album] = {}
        for item, decision in self._decided(list(items), rules, model, options.table, jobs):
            if isinstance(decision, str):
                told["failed"] += 1
                self._log.error("{}", printable(decision))
                continue
            told[decision.genre] += 1
            if decision.why:
                unsure[decision.why] += 1
            if not decision.changes:
                continue
            told["changed"] += 1
            ui.print_(f"{printable(str(item))}: {printable(_change(decision))}")
            if options.write:
                self._store(item, decision)
                if ui.should_write():
                    item.try_write()
                    item.store()
                if album := item.get_album():
                    changed[album.id] = album
        for album in changed.values():
            _fill(album)
        ui.print_(f"{counted(told['changed'], 'item')} {_done(options)}.".replace("\xa0", " "))
        for line in _left(told, unsure):
            ui.print_(f"  {line}".replace("\xa0", " "))
        if told["changed"] and not options.write:
            ui.print_("Nothing was written. To write it, say it again with --write.")

    def _decided(
        self, items: list[Item], rules: Rules, model: str, listed: str | None, jobs: int
    ) -> Iterator[tuple[Item, Decision | str]]:
        waiting: list[tuple[Item, Values]] = []
        for item in items:
            was = _values(item)
            if was.genres and not (rules.replace or rules.tempo or rules.ear_tags):
                yield item, Decision(str(item), was, was, "kept")
            else:
                waiting.append((item, was))
        paths = [_path(item) for item, _ in waiting]
        for (item, was), row in zip(waiting, self._rows(paths, model, listed, jobs), strict=True):
            if isinstance(row, str):
                yield item, row
                continue
            try:
                yield item, _decide(_path(item), was, row, rules)
            except AudionomeError as error:
                yield item, f"{_path(item)}: {error}"

    def _rows(self, paths: list[Path], model: str, listed: str | None, jobs: int) -> Iterator[Any]:
        if listed is None:
            function = partial(tagging.classified, model=model)
            yield from batch.for_each(function, paths, jobs=jobs if len(paths) > 1 else 1)
            return
        wanted = {os.path.realpath(path) for path in paths}
        rows = {}
        for row in table.read(Path(listed)):
            place = os.path.realpath(table.path_of(str(row["file"])))
            if place in wanted:
                rows[place] = row
        for path in paths:
            row = rows.get(os.path.realpath(path))
            yield Failure(f'"{path.name}" is not in the table.') if row is None else row

    # -- the import -----------------------------------------------------------------------

    def _imported(self, session: Any, task: Any) -> None:
        """Give a genre to what is imported; beets writes it. No failure ends an import."""
        try:
            rules, model = self._rules(None), self.config["model"].as_str()
            items = list(task.imported_items())
            for item, decision in self._decided(items, rules, model, None, jobs=1):
                if isinstance(decision, str):
                    self._log.warning("{}", printable(decision))
                elif decision.changes:
                    self._store(item, decision)
                    if not (
                        task.apply or task.choice_flag.name == "RETAG"
                    ):  # beets leaves the files of what is imported as it is
                        self._only_listed += 1
            if task.is_album and task.album is not None:
                _fill(task.album)
        except Exception as error:
            why = str(error) if isinstance(error, AudionomeError) else batch.unexpected(error)
            self._log.error("no genre was found: {}", printable(why))

    def _import_ended(self, **_: Any) -> None:
        """Say once which files beets has not written into."""
        n, self._only_listed = self._only_listed, 0
        if n and ui.should_write():
            told = (
                f"{counted(n, 'item')} tagged in the library, but not in the files: beets writes "
                "into none that is imported as it is. To write them: beet write audionome_was::."
            )
            ui.print_(told.replace("\xa0", " "))

    # -- parts ----------------------------------------------------------------------------

    def _rules(self, options: Options | None) -> Rules:
        def told(name: str) -> Any:
            return getattr(options, name, None)

        unsure = self._of("unsure", told("unsure"), bool)
        least = told("min_confidence")
        if least is None:
            default = self.config["min_confidence"].get(float)
            least = 0.0 if unsure else None if default == MIN_CONFIDENCE else default
        if least is not None and not 0 <= least <= 1:
            raise AudionomeError("min_confidence is a probability: from 0 to 1.")
        rules = Rules(
            replace=self._of("replace", told("replace"), bool),
            min_confidence=least,
            unsure=unsure,
            tempo=self._of("tempo", told("tempo"), bool),
            ear_tags=self._of("ear_tags", told("ear_tags"), bool),
        )
        if rules.ear_tags:
            self._add_field()
        return rules

    def _of(self, name: str, told: Any, kind: type) -> Any:
        return self.config[name].get(kind) if told is None else told

    def _add_field(self) -> None:
        """Let beets write the ear's words into the files, where ``audionome tag`` does."""
        if self._has_field:
            return
        from mediafile import (
            ASFStorageStyle,
            MediaField,
            MP3DescStorageStyle,
            MP4StorageStyle,
            StorageStyle,
        )

        field = MediaField(
            MP3DescStorageStyle(EAR_FIELD),
            MP4StorageStyle(f"----:com.apple.iTunes:{EAR_FIELD}"),
            StorageStyle(EAR_FIELD),
            ASFStorageStyle(EAR_FIELD),
        )
        try:
            self.add_media_field("audionome_tags", field)
        except ValueError:  # by an earlier plugin object of this process
            Item._media_fields.add("audionome_tags")
        self._has_field = True

    def _store(self, item: Item, decision: Decision) -> None:
        was, now = decision.was, decision.now
        kept = _kept(item)
        if was.genres != now.genres:
            _remember(kept, "genres", list(was.genres), list(now.genres))
            _set_genres(item, now.genres)
            item["audionome_genre"] = now.genres[0]
            if decision.confidence is not None:
                item["audionome_confidence"] = decision.confidence
        if was.tempo != now.tempo and now.tempo:
            _remember(kept, "tempo", was.tempo, now.tempo)
            item["bpm"] = now.tempo
        if was.ear != now.ear:
            _remember(kept, "ear", list(was.ear), list(now.ear))
            item["audionome_tags"] = BETWEEN.join(now.ear)
        item["audionome_was"] = json.dumps(kept)
        item.store()

    def _undo(self, items: Iterable[Item]) -> None:
        undone = left = 0
        albums: dict[int, Album] = {}
        for item in items:
            kept = _kept(item)
            if not kept:
                continue  # nothing of ours
            if _edited(item, kept):
                left += 1
                self._log.warning(
                    "{}: another program changed its file since; `beet update` takes that over",
                    printable(str(item)),
                )
                continue
            now = _by_field(_values(item))
            changed = [field for field in kept if kept[field][1] != now[field]]
            for field in changed:
                self._log.warning(
                    "{}: {} changed since, so it stays", printable(str(item)), _SAID[field]
                )
            left += bool(changed)
            if changed == list(kept):
                continue
            self._restore(item, {field: kept[field][0] for field in kept if field not in changed})
            if changed:
                item["audionome_was"] = json.dumps({field: kept[field] for field in changed})
                item.store()
            else:
                undone += 1
            if album := item.get_album():
                albums[album.id] = album
        for album in albums.values():
            _empty(album)
        ui.print_(f"{counted(undone, 'item')} as before.".replace("\xa0", " "))
        if left:
            told = f"{counted(left, 'item')} changed since: what was changed is left as it is."
            ui.print_(told.replace("\xa0", " "))

    def _restore(self, item: Item, was: dict[str, Any]) -> None:
        """Bring fields of an item back, in the library and in its file."""
        gone = ["audionome_was"]
        tags: dict[str, Any] = {}
        if "genres" in was:
            _set_genres(item, was["genres"])
            gone += ["audionome_genre", "audionome_confidence"]
            if not was["genres"]:
                tags |= {"genre": None, "genres": None}  # beets would leave an empty one in M4A
        if "tempo" in was:
            item["bpm"] = was["tempo"] or 0
            if not was["tempo"]:
                tags["bpm"] = None  # beets would write a zero
        if "ear" in was:
            self._add_field()  # or beets would leave it in the file
            if was["ear"]:
                item["audionome_tags"] = BETWEEN.join(was["ear"])
            else:
                gone.append("audionome_tags")
                tags["audionome_tags"] = None
        for field in gone:
            if field in item:
                del item[field]
        item.store()
        if ui.should_write():
            item.try_write(tags=tags)
            item.store()


_SAID = {"genres": "its genre was", "tempo": "its tempo was", "ear": "what it sounds like was"}


def _kept(item: Item) -> dict[str, list[Any]]:
    """Return what was there before and what was written instead, of each field that was."""
    try:
        found = json.loads(item.get("audionome_was") or "")
        pairs = {field: found[field] for field in _SAID if field in found}
        for field, (before, after) in pairs.items():
            kind = int if field == "tempo" else list
            if not isinstance(after, kind) or not isinstance(before, kind | None):
                return {}
    except (ValueError, TypeError):
        return {}
    return pairs


def _remember(kept: dict[str, list[Any]], field: str, was: Any, now: Any) -> None:
    """Keep what is overwritten; what was before an earlier run, if nobody changed it since."""
    before = kept[field][0] if field in kept and kept[field][1] == was else was
    kept[field] = [before, now]


def _by_field(values: Values) -> dict[str, Any]:
    return {"genres": list(values.genres), "tempo": values.tempo, "ear": list(values.ear)}


def _edited(item: Item, kept: dict[str, list[Any]]) -> bool:
    """Return whether the file has got other values of those fields, which beets does not know."""
    try:
        if item.current_mtime() <= item.mtime:
            return False
        here = _by_field(tagfile.read(_path(item)))
    except (OSError, AudionomeError):  # beets will say so, if it is to write into it
        return False
    return any(here[field] not in kept[field] for field in kept)


def _path(item: Item) -> Path:
    return Path(os.fsdecode(item.path))


def _genres(item: Item | Album) -> tuple[str, ...]:
    """Return the genres of an item: newer versions of beets have a list, older ones a text."""
    if "genres" in type(item)._fields:
        return tuple(genre for genre in item.genres or [] if genre.strip())
    return (item.genre,) if (item.genre or "").strip() else ()


def _set_genres(item: Item | Album, genres: Sequence[str]) -> None:
    if "genres" in type(item)._fields:
        item.genres = list(genres)
    else:
        item.genre = BETWEEN.join(genres)


def _values(item: Item) -> Values:
    ear = str(item.get("audionome_tags") or "")
    return Values(_genres(item), int(item.bpm or 0) or None, words([ear]))


def _decide(path: Path, was: Values, row: Any, rules: Rules) -> Decision:
    decision = decide(was, row, rules)
    if decision.genre == "new" and not was.genres and not rules.replace:
        try:
            here = tagfile.read(path).genres
        except AudionomeError:  # beets will say so, if it is to write into it
            here = ()
        if here:  # made by hand since beets looked
            now = replace(decision.now, genres=was.genres)
            return replace(decision, now=now, genre="kept")
    return decision


def _fill(album: Album) -> None:
    """Give an album without a genre the one that most of its tracks have."""
    if _genres(album):
        return
    counts = Counter(genre for item in album.items() for genre in _genres(item)[:1])
    if not counts:
        return
    genre, n = counts.most_common(1)[0]
    if 2 * n > counts.total():
        _set_genres(album, [genre])
        album["audionome_album_genre"] = genre
        album.store(inherit=False)


def _empty(album: Album) -> None:
    """Take the genre that an album was given from it again, unless it has another one now."""
    given = album.get("audionome_album_genre")
    if not given:
        return
    if _genres(album) == (given,):
        _set_genres(album, [])
    del album["audionome_album_genre"]
    album.store(inherit=False)


def _change(decision: Decision) -> str:
    was, now = decision.was, decision.now
    parts = []
    if was.genres != now.genres:
        sure = f" ({likelihood(decision.confidence)})" if decision.confidence is not None else ""
        parts.append(f"{BETWEEN.join(was.genres) or 'no genre'} → {now.genres[0]}{sure}")
    if was.tempo != now.tempo:
        parts.append(f"{was.tempo} → {now.tempo} BPM" if was.tempo else f"{now.tempo} BPM")
    if was.ear != now.ear:
        parts.append(f"sounds like {', '.join(now.ear) or 'nothing in particular'}")
    return BETWEEN.join(parts)


def _done(options: Options) -> str:
    return "changed" if options.write else "would change"


def _left(told: Counter[str], unsure: Counter[str]) -> Iterator[str]:
    if told["kept"]:
        yield f"{counted(told['kept'], 'item')} with a genre already; --replace replaces it"
    if told["same"]:
        yield f"{counted(told['same'], 'item')} with this very genre"
    for why, n in unsure.items():
        yield f"{counted(n, 'answer')} {why}; --unsure writes {'it' if n == 1 else 'them'}"
    if told["failed"]:
        yield f"{counted(told['failed'], 'item')} that got no answer, as said above"
