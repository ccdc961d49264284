"""Every example of the service's document against the simulator, field by field."""

import json
from xml.etree import ElementTree as ET

from aiohttp import ClientSession
import pytest
from yarl import URL

from tests.simulator.examples import EXAMPLES, UNTESTED, Example
from tests.simulator.simulator import Simulator

type Tree = tuple[str, dict[str, str], str, list[Tree]]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.section)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_example(simulator: Simulator, example: Example, method: str) -> None:
    simulator.account.apikey = "XYZ"
    example.arrange(simulator)

    async with ClientSession() as session:
        if method == "GET":
            url = URL(f"{simulator.url}?{example.query}", encoded=True)
            response = await session.get(url)
        else:
            form = "application/x-www-form-urlencoded"
            response = await session.post(
                simulator.url, data=example.query.encode(), headers={"Content-Type": form}
            )
        text = await response.text()

    assert response.status == 200
    if "format=json" in example.query:
        assert response.content_type == "application/json"
        assert json.loads(text) == json.loads(example.answer)
        assert order_of(json.loads(text)) == order_of(json.loads(example.answer))
    elif "format=xml" in example.query:
        assert response.content_type == "text/xml"
        assert tree(ET.fromstring(text)) == tree(ET.fromstring(example.answer))  # noqa: S314
    else:
        assert response.content_type == "text/plain"
        assert text == example.answer


def test_each_section_is_covered_or_excused() -> None:
    sections = {example.section for example in EXAMPLES}
    assert len(sections) == len(EXAMPLES)
    for section in ("quick", "1.1", "1.2", "1.3", "2.1", "2.2", "3.1", "3.2", "3.3", "4 ", "5 "):
        assert any(each.startswith(section) for each in sections), section
    for section in ("6.2", "7", "8", "9", "11", "12"):
        assert any(section in each for each in sections), section
    assert all(UNTESTED.values())


def tree(element: ET.Element) -> Tree:
    """Return an element as a value, its layout ignored."""
    text = (element.text or "").strip()
    return element.tag, dict(element.attrib), text, [tree(each) for each in element]


def order_of(value: object) -> object:
    """Return the names of a JSON value in their order."""
    if isinstance(value, dict):
        return [(name, order_of(each)) for name, each in value.items()]
    return [order_of(each) for each in value] if isinstance(value, list) else None
