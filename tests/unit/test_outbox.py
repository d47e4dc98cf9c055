"""Long answers: at most two messages, cut between lines, nothing lost that fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jarvis.messaging.markup import html, lines
from jarvis.messaging.outbox import plain, split
from jarvis.messaging.view import LABEL_MAX, short

_lines = st.lists(
    st.text(
        alphabet=st.characters(blacklist_characters="\n<>&", blacklist_categories=["Cs"]),
        max_size=60,
    ),
    min_size=1,
)


@given(_lines)
def test_two_pages_hold_what_fits_and_break_no_line(written: list[str]) -> None:
    text = lines(html("<b>{}</b>", line) for line in written)
    pages = split(text, 400)
    assert len(pages) <= 2
    assert all(len(page) <= 400 for page in pages)
    whole = [line for page in pages for line in page.split("\n")]
    if len(text) <= 800 - 60:
        assert whole == text.split("\n"), "nothing is lost"
    assert pages[0].count("<b>") == pages[0].count("</b>")


def test_one_endless_line_loses_its_tags_and_not_its_head() -> None:
    pages = split(html("<b>{}</b>", "x" * 9000))
    assert len(pages) == 1
    assert pages[0] == "x" * 3500
    assert plain(html("a <b>b</b> {}", "<c>"), 100) == "a b &lt;c&gt;"


@given(st.text(max_size=120))
def test_a_label_fits_its_button(text: str) -> None:
    assert len(short(text)) <= LABEL_MAX


def test_a_label_is_cut_between_words() -> None:
    assert short("Что свободно на выходные в Батуми и в Кутаиси") == "Что свободно на выходные…"
    assert short("коротко") == "коротко"
