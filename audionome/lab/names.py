"""Names of models, protocols and groups of features for a reader, and their order."""

from __future__ import annotations

import re

import pandas as pd

from audionome.lab.estimators import MODELS
from audionome.lab.protocols import LADDER, PROTOCOLS

__all__ = [
    "FLOOR",
    "KEYS",
    "in_order",
    "model_title",
    "one_variant",
    "protocol_definitions",
    "protocol_title",
    "select",
    "titled",
]

#: What makes a result of the ladder one result.
KEYS = ["model", "variant", "protocol"]
#: The floor: it listens to nothing, so it is no witness to which clips are hard.
FLOOR = "dummy"


def model_title(model: str, variant: str | None = None) -> str:
    """Return the name of a model for a reader, with its variant where it has more than one.

    Parameters
    ----------
    model : str
        A name of `audionome.lab.estimators.MODELS`; another one is returned as it is.
    variant : str, optional
        Without it the variant is not named.

    Returns
    -------
    str

    Examples
    --------
    >>> model_title("svc", "tuned")
    'Support vector machine (tuned)'
    """
    title = MODELS[model].title if model in MODELS else model
    if variant is None or (model in MODELS and len(MODELS[model].variants) == 1):
        return title
    return f"{title} ({variant})"


def protocol_title(protocol: str) -> str:
    """Return the name of a protocol for a reader.

    Parameters
    ----------
    protocol : str
        A name of `audionome.lab.protocols.PROTOCOLS`; another one is returned as it is.

    Returns
    -------
    str

    Examples
    --------
    >>> protocol_title("artist-grouped")
    'By artist'
    """
    return PROTOCOLS[protocol].title if protocol in PROTOCOLS else protocol


def protocol_definitions() -> pd.DataFrame:
    """Return the ladder's protocols in order.

    Returns
    -------
    DataFrame
        ``protocol`` (its title), ``name``, ``what may leak``.
    """
    return pd.DataFrame(
        [(p.title, name, p.leaks) for name, p in LADDER.items()],
        columns=["protocol", "name", "what may leak"],
    )


def titled(frame: pd.DataFrame) -> pd.DataFrame:
    """Add readable names to a frame of results.

    Parameters
    ----------
    frame : DataFrame
        With any of the columns ``model``, ``protocol`` and ``group`` (features, joined by commas).

    Returns
    -------
    DataFrame
        A copy with ``title`` of the model, ``protocol_title`` of the protocol and ``label`` of the
        group of features, as far as it has those columns.
    """
    frame = frame.copy()
    if "group" in frame:
        frame["label"] = [_group_label(str(g)) for g in frame["group"]]
    if "model" in frame:
        frame["title"] = [model_title(str(m)) for m in frame["model"]]
    if "protocol" in frame:
        frame["protocol_title"] = [protocol_title(str(p)) for p in frame["protocol"]]
    return frame


def _group_label(group: str) -> str:
    first, *others = group.split(",")
    found = [re.fullmatch(r"mfcc(\d+)_(mean|var)", name) for name in (first, *others)]
    numbers = [int(match[1]) for match in found if match]
    kinds = {match[2] for match in found if match}
    if others and len(kinds) == 1 and numbers == list(range(numbers[0], numbers[0] + len(found))):
        return f"mfcc {numbers[0]} to {numbers[-1]} ({kinds.pop()})"
    return f"{first} and {len(others)} more" if others else first


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort rows as the report lists models and protocols.

    Parameters
    ----------
    frame : DataFrame
        With ``model`` or ``protocol`` or both.

    Returns
    -------
    DataFrame
        With a new index; names that are not ours come last.
    """
    order = {"model": list(MODELS), "protocol": list(PROTOCOLS)}
    keys = pd.DataFrame(
        {
            column: [names.index(str(v)) if str(v) in names else len(names) for v in frame[column]]
            for column, names in order.items()
            if column in frame
        },
        index=frame.index,
    )
    columns = [str(name) for name in keys.columns]
    places = keys.sort_values(columns, kind="stable").index
    return frame.loc[places].reset_index(drop=True)


def select(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Return the rows whose columns have the wanted values.

    Parameters
    ----------
    frame : DataFrame
    **wanted : str
        Column to value.

    Returns
    -------
    DataFrame
        With the index of the frame.
    """
    mask = pd.Series(True, index=frame.index)
    for column, value in wanted.items():
        mask &= frame[column] == value
    return frame[mask.to_numpy(dtype=bool)]


def one_variant(frame: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Return one variant of each model: the wanted one, or the other where it does not exist.

    Parameters
    ----------
    frame : DataFrame
        With ``model`` and ``variant``.
    variant : {"tuned", "study"}

    Returns
    -------
    DataFrame
    """
    wanted = frame["variant"] == variant
    has = set(frame.loc[wanted, "model"].to_numpy(dtype=str))
    return frame[wanted | ~frame["model"].isin(has)]
