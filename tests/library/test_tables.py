"""Tables of features given to a model: as they were measured, or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)

import audionome
from audionome import audio, features
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.models.linear_classifier import load_linear


@pytest.fixture(scope="module")
def own() -> pd.DataFrame:
    return gtzan.load_windows()[list(features.COLUMNS)].astype(float)


@pytest.mark.parametrize("rows", [1, 8523])
@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        MinMaxScaler(),
        MinMaxScaler((-1, 1)),
        RobustScaler(),
        Normalizer(),
        FunctionTransformer(lambda x: np.log(np.abs(x) + 1e-8)),
    ],
    ids=lambda scaler: type(scaler).__name__,
)
def test_a_scaled_table_is_refused(own: pd.DataFrame, scaler: Any, rows: int) -> None:
    scaled = pd.DataFrame(scaler.fit_transform(own), columns=own.columns)[1 : rows + 1]
    with pytest.raises(ValueError, match=r"audionome\.features\.extract.*not scaled"):
        audionome.load_classifier().predict_proba(scaled)


def test_every_real_table_is_possible(own: pd.DataFrame) -> None:
    shipped = audionome.load_classifier()
    assert shipped.predict_proba(own).shape == (len(own), 10)
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * 66_150).astype(np.float32)
    noise[66_150:] = 0
    rows = features.extract(noise)  # one window with sound, two without
    assert shipped.predict_proba(rows).shape == (3, 10)
    assert shipped.predict_proba(rows[1:]).shape == (2, 10)
    assert shipped.predict_proba(features.extract(20_000 * noise)).shape == (3, 10)


def test_what_is_no_table_is_told(own: pd.DataFrame) -> None:
    shipped = audionome.load_classifier()
    values = own[:3].to_numpy()
    for table in (values, values.tolist(), own["tempo"], own.iloc[0], {"tempo": 120}, None):
        with pytest.raises(TypeError, match="needs a pandas DataFrame with named columns"):
            shipped.predict_proba(table)
    with pytest.raises(ValueError, match="have no names"):
        shipped.predict_proba(pd.DataFrame(values))
    with pytest.raises(ValueError, match="not numbers"):
        shipped.predict_proba(own[:3].astype(str) + " Hz")
    with pytest.raises(ValueError, match="two columns of one name"):
        shipped.predict_proba(pd.concat([own[:3], own[["tempo"]][:3]], axis=1))


def test_scaled_extended_tables_are_refused() -> None:
    shipped = load_linear("extended")
    columns = list(shipped.extractor.names)
    rows = np.concatenate(
        [
            next(shipped.extractor.measure(audio.WindowStream(path).pieces()))
            for path in sorted(data_path("examples").glob("*.ogg"))[:3]
        ]
    ).astype(np.float64)
    for values in (
        (rows - rows.mean(axis=0)) / rows.std(axis=0),
        (rows - rows.min(axis=0)) / np.ptp(rows, axis=0),
    ):
        with pytest.raises(ValueError, match="as if the table had been scaled"):
            shipped.predict_proba(pd.DataFrame(values, columns=columns))
    assert shipped.predict_proba(pd.DataFrame(rows, columns=columns)).shape == (len(rows), 10)
