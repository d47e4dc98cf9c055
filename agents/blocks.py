"""The typed blocks of an answer. Facts are referred to by id and rendered by code; text is only for
what they do not say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from jarvis.kit.text import MESSAGE_CHARS
from tools.arguments import cleaned, one_line

OneLine = Annotated[str, BeforeValidator(one_line), Field(max_length=MESSAGE_CHARS)]
"""A request that a button sends: as long as a message may be."""


class Facts(BaseModel):
    """Facts that tools returned, in the order in which they are to be shown."""

    kind: Literal["facts"] = "facts"
    ids: Annotated[
        list[Annotated[str, BeforeValidator(one_line), Field(max_length=20)]], Field(max_length=40)
    ]
    """Ids as the tools gave them, e.g. `f1`."""


class Text(BaseModel):
    """At most two sentences of plain text; never a claim that something was done."""

    kind: Literal["text"] = "text"
    text: Annotated[str, BeforeValidator(cleaned), Field(max_length=600)]


class Question(BaseModel):
    """One clarifying question, only when its answer changes the result."""

    kind: Literal["question"] = "question"
    text: Annotated[str, BeforeValidator(cleaned), Field(max_length=140)]
    options: Annotated[list[OneLine], Field(max_length=6)] = Field(default_factory=list[str])


class Proposal(BaseModel):
    """One next request that the person may send by a button."""

    kind: Literal["proposal"] = "proposal"
    request: Annotated[str, BeforeValidator(one_line), Field(max_length=100)]


class Refusal(BaseModel):
    """A tool that this person may not use is needed; code words the refusal."""

    kind: Literal["refusal"] = "refusal"
    tool: Annotated[str, BeforeValidator(one_line), Field(max_length=60)]


Block = Annotated[Facts | Text | Question | Proposal | Refusal, Field(discriminator="kind")]


class Answer(BaseModel):
    """A whole answer."""

    blocks: Annotated[list[Block], Field(min_length=1, max_length=8)]
