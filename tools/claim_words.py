"""Finds claims in a model's text: that something was done, that an approval is awaited, that
somebody may not, that a source does not answer. Which of them are true is for the caller to compare
with the run.

Three languages; letters of one alphabet that imitate another's are read as meant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal

from jarvis.kit.text import fold

Claim = Literal["done", "waits", "refused", "silent"]

_ALIKE = str.maketrans("aceopxyABCEHKMOPTXy", "асеорхуАВСЕНКМОРТХу")
_MIXED = re.compile(r"\b(?=\w*[а-яё])(?=\w*[a-z])\w+", re.I)
_WORD = re.compile(r"[^\W\d_]+")
_SOURCE = "source"
# A negation before the claim, in the same clause: "ничего не ждёт", "no card waits".
_NOTHING = re.compile(
    r"\b(?:не|нет|ни|ничего|ничто|no|not|nothing|never|none|without|без)\b|n't\b|\bარ\b|არაფერ|ვერ\b",
    re.I,
)
_CLAUSE = re.compile(r"[.!?;,\n]")
_SENTENCE = re.compile(r"[.!?\n]")
# A rule about clients, a car's defect, a booking's state: no claim about this conversation, unless
# the sentence speaks to the reader.
_READER = re.compile(r"\b(?:вы|вас|вам|вами|ваш\w*|you|your|yours)\b|თქვენ", re.I)
_OTHERS: Mapping[str, re.Pattern[str]] = {
    "refused": re.compile(
        r"клиент|арендатор|водител|\bкурить|доступ\w* к машин|стоянк|парков|\bclients?\b"
        r"|customer|renter|driv|smok|\bin cars\b|border|კლიენტ|მძღოლ|მართვ",
        re.I,
    ),
    "waits": re.compile(r"статус|страхов|\bstatus\b|insur|\bbookings\b|ჯავშან", re.I),
    "silent": re.compile(
        r"тормоз|машин|двигател|охлажд|сервисн\w+ центр|центр|brak|cooling|engine|\bcars?\b"
        r"|cent(?:re|er)\b|\blight\b|\bno errors?\b|без ошиб|მუხრუჭ|მანქან|ძრავ",
        re.I,
    ),
}
_WAITED = r"(?:подтвержден|подтвердит|подтвердят|согласован|одобрен|утвержден|решени|разрешени)"
_ASIDE = r"(?:\S+\s+){0,3}"
_WORDS: dict[Claim, str] = {
    "done": (
        r"✅|(?<!не )\b(?:сделано|готово|отправлено|продлено|перенесено|отменено|создано|выполнено"
        r"|записано)\b|\bя (?:сделал|продлил|отправил|перенёс|отменил|создал)\b"
        r"|(?<!not )\b(?:done|sent|extended|cancelled|created|moved)\b"
        r"|I(?:'ve| have) (?!no\b|not\b)|შესრულდა|გაიგზავნა|გახანგრძლივდა"
    ),
    "waits": (
        rf"\b(?:жд[её]\w*|ожида\w+|дождит\w+|дожида\w+)\s+{_ASIDE}{_WAITED}"
        rf"|\b(?:на|для)\s+(?:согласовани|подтверждени|одобрени|утверждени)[еия]\b"
        r"|\b(?:wait\w*|await\w*|pending|needs?)\s+(?:\S+\s+){0,4}(?:approv|confirm|consent)\w*"
        r"|\bfor (?:\S+\s+){0,2}(?:approval|confirmation)\b"
        r"|\b(?:approval|confirmation) (?:is|was|has been) (?:pending|requested|asked)"
        r"|(?:დადასტურებ|დამტკიცებ|თანხმობ|დასტურ)\S*\s+(?:\S+\s+)?(?:ელოდებ|ველოდებ|ვუცდი)"
        r"|(?:ელოდებ|ველოდებ)\S*\s+(?:\S+\s+)?(?:დადასტურებ|დამტკიცებ|თანხმობ|დასტურ)"
        r"|დასადასტურებლად|დასამტკიცებლად"
    ),
    "refused": (
        r"\bне для (?:вашей|этой) роли|\bваш\w+ рол\w+ [^.!?\n]{0,40}(?:не |запрещ|недоступ)"
        r"|\b(?:нет|недостаточно|не хватает|не имеете|лишены)\s+(?:\S+\s+)?"
        r"(?:прав|права|доступа|полномочий|разрешения)\b"
        r"|\b(?:вам|у вас|для вас)\s+(?:\S+\s+){0,3}(?:запрещ|не разреш|недоступ|не положен|нельзя)"
        r"|\bдоступ\w*\s+(?:\S+\s+){0,3}(?:запрещ|закрыт|огранич)"
        r"|\bвам (?:\S+\s+)?не вид\w+"
        r"|\b(?:друг|чуж)\w+ филиал\w*[^.!?\n]{0,40}(?:не вид|недоступ|закрыт)"
        r"|\b(?:вне|за пределами) ваш\w+ (?:прав|зон|филиал|област|полномоч)"
        r"|(?:\bnot|n't) (?:be )?(?:allowed|permitted|authori[sz]ed)\b"
        r"|\b(?:no|without|lack) (?:the )?(?:access|permission|rights?)\b"
        r"|(?:\bnot|n't|\bno) (?:have )?(?:\S+\s+){0,2}(?:access|permission|rights)\b"
        r"|\baccess (?:\S+\s+){0,2}(?:denied|restricted|forbidden)|\bforbidden\b"
        r"|\boutside (?:of )?your (?:\S+\s+)?(?:scope|branch|branches|role|rights)\b"
        r"|\bnot (?:\S+\s+){0,2}(?:for|to) your role\b"
        r"|\b(?:another|other|different) branch[^.!?\n]{0,40}(?:not visible|hidden|can't|cannot)"
        r"|(?:უფლება|წვდომ|ნებართვ)\S*\s+(?:\S+\s+){0,2}(?:არ |არა|აკრძალ|შეზღუდ)"
        r"|\bარ (?:გაქვთ|გეკუთვნ)\S*\s+(?:\S+\s+){0,2}(?:უფლებ|წვდომ|ნებართვ)"
        r"|თქვენი როლ\S+ (?:\S+\s+)?არ|სხვა ფილიალ[^.!?\n]{0,40}(?:არ ჩანს|ვერ ხედავ|არ ხედავ)"
    ),
    "silent": (
        rf"\b(?:{_SOURCE}|источник|систем|сервис|сервер|база данн|инструмент|api)\w*"
        r"[^.!?\n]{0,40}(?:не отве|недоступ|не работ|не удал|ошибк|упал|лежит|сбо[йи]|завис)"
        rf"|(?:не отве\w+|недоступ\w+|ошибк\w+|сбо[йи]\w*)\s+(?:\S+\s+){{0,2}}"
        rf"(?:{_SOURCE}|источник|систем|сервис|сервер|инструмент|api)"
        rf"|\b(?:{_SOURCE}|system|service|server|database|tool|api)s?\b[^.!?\n]{{0,40}}"
        r"(?:unavailable|unreachable|down\b|fail|error|timed? ?out"
        r"|not (?:answer|respond|work|avail)|n't (?:answer|respond|work))"
        r"|(?:\bnot|n't|\bcannot|\bunable to|\bfailed to)\s+"
        rf"(?:reach|connect|contact|load|access)\w*\s+(?:\S+\s+){{0,3}}(?:{_SOURCE}|system|service|server|database|tool|api)"
        rf"|(?:{_SOURCE}|წყარო|სისტემ|სერვის|სერვერ|ხელსაწყო)\S*[^.!?\n]{{0,40}}"
        r"(?:არ პასუხ|მიუწვდომ|არ მუშა|შეცდომ|გაითიშ|ვერ დავუკავშირ)"
    ),
}
_CLAIMS: Mapping[Claim, re.Pattern[str]] = {
    claim: re.compile(words, re.IGNORECASE) for claim, words in _WORDS.items()
}


def claims_of(text: str, sources: Collection[str] = ()) -> frozenset[Claim]:
    """What a text claims; `sources` are the outside systems' names in Latin letters, in whatever
    alphabet the text has them."""

    def named(word: re.Match[str]) -> str:
        return _SOURCE if fold(word[0]).startswith(tuple(sources)) else word[0]

    meant = _MIXED.sub(lambda word: word[0].translate(_ALIKE), text)
    if sources:
        meant = _WORD.sub(named, meant)
    return frozenset(claim for claim in _CLAIMS if _claimed(claim, meant))


def _claimed(claim: Claim, text: str) -> bool:
    for found in _CLAIMS[claim].finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        sentence = f"{_SENTENCE.split(before)[-1]}{found[0]}{_SENTENCE.split(after)[0]}"
        others = _OTHERS.get(claim)
        if others is not None and others.search(sentence) and not _READER.search(sentence):
            continue
        clause = _CLAUSE.split(before)[-1]
        # claims of a refusal or of silence are negative themselves
        if claim != "waits" or _NOTHING.search(f"{clause}{found[0]}") is None:
            return True
    return False
