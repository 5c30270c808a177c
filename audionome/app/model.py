"""The model that a dashboard answers with, and what its pages say of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from audionome._words import counted, genre_name, listed, number_word
from audionome.app.environment import MODEL_VARIABLE
from audionome.errors import ModelError

if TYPE_CHECKING:
    from audionome.models.classifier import Classifier

__all__ = ["about", "chosen", "is_own", "lead", "require"]

_LISTED = 12  # genres that a sentence can name
_CAUTION = (
    "It knows the names of {known}. Music of any other kind still gets one of them: read the "
    "percentages as likeness to these genres, not as a verdict."
)


def _name() -> str:
    """Return the path that the server was given, or nothing for the model that ships."""
    return os.environ.get(MODEL_VARIABLE, "")


def is_own() -> bool:
    """Return whether this dashboard answers with a model of one's own; loads nothing.

    Returns
    -------
    bool
    """
    return bool(_name())


def chosen() -> Classifier:
    """Return the model that this dashboard answers with; it stays when its file goes.

    Returns
    -------
    Classifier

    Raises
    ------
    ModelError
        If it cannot be loaded.
    """
    return _kept(_name())


@cache
def _kept(name: str) -> Classifier:
    from audionome import load_classifier

    return load_classifier(name or None)


def require(name: str) -> str:
    """Return a model as a server's environment names it, if a dashboard can answer with it.

    Parameters
    ----------
    name : str
        Path of one of somebody's own, or nothing or "ear" for the one that ships.

    Returns
    -------
    str
        The whole path, or nothing.

    Raises
    ------
    ModelError
        If there is no such model, or it is one that dashboards do not show.
    """
    from pathlib import Path

    from audionome.models import own
    from audionome.models.classifier import DEFAULT_MODEL

    if name in {"", DEFAULT_MODEL}:
        return ""
    if not own.is_own(name):
        raise ModelError(
            f'The dashboard answers with the model "{DEFAULT_MODEL}" or with one of your own, such '
            f'as my.model; `audionome classify --model` knows the others. "{name}" is neither.'
        )
    path = Path(os.path.abspath(name))
    own.read(path)
    return str(path)


def lead() -> tuple[str, str]:
    """Return what the page says it does, and what is wrong with its model, if anything.

    Returns
    -------
    lead : str
        A sentence.
    trouble : str
        A sentence, or nothing.
    """
    known, trouble = "ten genres", ""
    if _name():
        try:
            card = chosen().card
        except ModelError as error:
            known, trouble = "the genres of a model of your own", str(error)
        else:
            known = f"the {_counted(card)} of your model “{card['name']}”"
            if len(card["genres"]) <= _LISTED:
                known += f" ({', '.join(map(genre_name, card['genres']))})"
    return (
        "Audionome listens to a piece of music, three seconds at a time, and says which of "
        f"{known} it resembles most, how sure that is, and why."
    ), trouble


def about(card: Mapping[str, Any]) -> str:
    """Return how the percentages of a model are to be read, in sentences.

    Parameters
    ----------
    card : mapping
        Of the model.

    Returns
    -------
    str
    """
    from audionome.models import telling

    genres = card["genres"]
    known = f"{number_word(len(genres))} genres"
    if telling.is_own(card) and len(genres) <= _LISTED:
        known += f": {listed([genre_name(genre) for genre in genres])}"
    limits = card.get("limits", []) if telling.is_own(card) else []
    return " ".join([_CAUTION.format(known=known), *limits])


def _counted(card: Mapping[str, Any]) -> str:
    return counted(len(card["genres"]), "genre").replace("\N{NO-BREAK SPACE}", " ")
