"""Routes and percentiles."""

from __future__ import annotations

import pytest

from inspector.export.routes import percentile, route_of


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/items/41/tags", "/items/{}/tags"),
        ("/a/0123456789abcdef", "/a/{}"),
        ("/u/123e4567-e89b-12d3-a456-426614174000", "/u/{}"),
        ("/v2/cafe", "/v2/cafe"),
    ],
)
def test_parts_that_look_like_identifiers_may_be_anything(path: str, route: str) -> None:
    assert route_of(path) == route


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([1, 2, 3, 10], percent) for percent in (0, 50, 75, 90, 100)] == [1, 2, 3, 10, 10]
    assert percentile([7], 50) == 7
