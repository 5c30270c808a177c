"""Read tables and records, and refuse what they should not be, in one sentence each."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome._extras import require_extra
from audionome._paths import not_installed
from audionome.errors import AudionomeError
from audionome.files import reason_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DatasetError",
    "numbers",
    "read_json",
    "read_parquet",
    "read_table",
    "require",
    "require_file",
    "require_tables",
    "sha256",
]


class DatasetError(AudionomeError):
    """A table that is not what it should be; the text says what is wrong and what to do."""


def require(condition: bool, sentence: str) -> None:
    """Raise a DatasetError unless a condition holds.

    Parameters
    ----------
    condition : bool
    sentence : str
        What is wrong, and what to do.

    Raises
    ------
    DatasetError
    """
    if not condition:
        raise DatasetError(sentence)


def require_tables(*packages: str) -> None:
    """Require what reads and makes tables.

    Parameters
    ----------
    *packages : str
        Default: pandas and pyarrow.

    Raises
    ------
    audionome._extras.MissingExtraError
        If one is not installed.
    """
    require_extra("lab", *(packages or ("pandas", "pyarrow")), who="audionome.gtzan")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Hexadecimal digits.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def require_file(path: Path) -> None:
    """Raise a DatasetError if a file of the repository's is not there; no wheel brings some.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DatasetError
    """
    told = not_installed(path) or f'"{path}" is missing; restore it from the repository.'
    require(path.is_file(), told)


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a table of the repository's.

    Parameters
    ----------
    path : Path

    Returns
    -------
    DataFrame

    Raises
    ------
    DatasetError
        If it is missing or damaged.
    """
    require_file(path)
    require_tables()
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except Exception as error:  # Arrow has many of its own
        raise DatasetError(f'"{path}" is damaged; restore it from the repository.') from error


def read_json(path: Path) -> dict[str, Any]:
    """Read the record that lies beside a feature table.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict

    Raises
    ------
    DatasetError
        If it is missing, damaged, or no such record.
    """
    require_file(path)
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
    except (ValueError, OSError) as error:
        raise DatasetError(f'"{path}" is damaged; restore it from the repository.') from error
    require(
        isinstance(record, dict) and {"sha256", "rows", "clips"} <= set(record),
        f'"{path}" is not what `audionome features` writes; restore it from the repository.',
    )
    return record


def read_table(path: Path, wanted: str) -> pd.DataFrame:
    """Read a person's table; whatever it holds instead ends in one sentence.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    wanted : str
        What to give instead; ends the sentence.

    Returns
    -------
    DataFrame

    Raises
    ------
    DatasetError
        If it is no table.
    """
    require_tables()
    import pandas as pd

    require(not path.is_dir(), f'"{path}" is a folder; {wanted}.')
    require(path.is_file(), f'"{path}" does not exist or is not a file; {wanted}.')
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except OSError as error:
        raise DatasetError(f'"{path}" cannot be read: {reason_of(error)}.') from error
    except Exception as error:  # pandas and Arrow have many of their own
        raise DatasetError(f'"{path}" is neither CSV nor Parquet; {wanted}.') from error


def numbers(table: pd.DataFrame, columns: list[str], name: str) -> pd.DataFrame:
    """Return columns of a person's table as numbers.

    Parameters
    ----------
    table : DataFrame
    columns : list of str
    name : str
        How the sentence of the error calls the table.

    Returns
    -------
    DataFrame

    Raises
    ------
    DatasetError
        If one of them holds text.
    """
    import pandas as pd

    for column in columns:
        try:
            pd.to_numeric(table[column])
        except (ValueError, TypeError) as error:
            raise DatasetError(f'"{name}" has text in column {column}.') from error
    found: pd.DataFrame = table[columns].apply(pd.to_numeric)
    return found
