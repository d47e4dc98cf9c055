"""Long answers: at most two messages, cut between lines, nothing lost that fits."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from jarvis.messaging.markup import html, lines
from jarvis.messaging.outbox import plain, split
from jarvis.messaging.view import LABEL_MAX, short

_signs = st.characters(blacklist_characters="\n", blacklist_categories=["Cs"])
_rows = st.lists(st.text(alphabet=_signs | st.sampled_from("<&>\"'"), max_size=60), min_size=1)


@given(_rows)
def test_two_pages_hold_what_fits_and_break_no_line(rows: list[str]) -> None:
    written = [html("<b>{}</b>", row) for row in rows]
    text = lines(written)
    pages = split(text, 400)
    assert len(pages) <= 2
    assert all(len(page) <= 400 for page in pages)
    whole = [line for page in pages for line in page.split("\n")]
    if len(text) <= 800 - max(map(len, written)):
        assert whole == written, "nothing is lost"
    assert pages[0].count("<b>") == pages[0].count("</b>")
    assert not re.search(r"&[#\w]*(?:$|…)", lines(pages)), "nor an escaped sign"


def test_one_endless_line_loses_its_tags_and_not_its_head() -> None:
    pages = split(html("<b>{}</b>", "x" * 9000))
    assert len(pages) == 1
    assert pages[0] == "x" * 3500
    whole = html("a <b>b</b> {}", "<c>")
    assert plain(whole, 20) == "a b &lt;c&gt;"
    assert plain(whole, 11) == plain(whole, 9) == "a b &lt;c"


@given(st.text(max_size=120))
def test_a_label_fits_its_button(text: str) -> None:
    assert len(short(text)) <= LABEL_MAX


def test_a_label_is_cut_between_words() -> None:
    assert short("Что свободно на выходные в Батуми и в Кутаиси") == "Что свободно на выходные…"
    assert short("коротко") == "коротко"
