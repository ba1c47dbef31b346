"""Replace what may name a person or an account before a text leaves the machine.

By patterns, so it finds what looks like one of them and nothing else. The same words get the same
mark throughout a corpus: [NAME_1] is one person wherever they occur.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

KINDS = ("email", "link", "iban", "card", "phone", "name")

_PATTERNS = {
    # A web address with a user, a password or a token in it; others are left alone.
    "link": re.compile(
        r"\b[a-z][a-z0-9+.-]{1,20}://(?:[^\s/@]{1,200}@[^\s]{1,400}"
        r"|[^\s?]{1,400}\?[^\s]{0,200}(?:token|key|secret|password|auth|sig)[^\s=]{0,20}=[^\s]{1,400})",
        re.IGNORECASE,
    ),
    "email": re.compile(r"\b[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b"),
    "iban": re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
    "card": re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])"),
    "phone": re.compile(r"(?<![\w.,])(?:\+|00)?\(?\d{1,5}\)?(?:[ ./-]?\(?\d{2,5}\)?){2,5}(?![\w])"),
}
_WORD = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]{1,40}"
_PERSON = rf"{_WORD}(?:[ \t]+(?:van|von|de|di|da|la|del|den|der|bin|al)\b)?(?:[ \t]+{_WORD}){{0,2}}"
_TITLES = r"(?:Mr|Mrs|Ms|Mx|Dr|Prof|Sir|Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Sr|Sra|Señora?)\b\.?"
_BEFORE = (
    r"(?:Dear|Hi|Hello|Liebe|Lieber|Hallo|Cher|Chère|Querido|Querida|Hola)\b"
    rf"(?:[ \t]+{_TITLES})?|{_TITLES}"
    r"|(?:[Mm]y name is|I am called|[Mm]ein Name ist|[Ii]ch heiße|[Jj]e m'appelle|[Mm]e llamo)\b"
    r"|(?:[Rr]egards|[Ss]incerely|[Cc]heers|Viele Grüße|Mit freundlichen Grüßen)\b,?"
    r"|(?:Cordialement|Saludos)\b,?"
)
_NAME = re.compile(rf"(?P<before>\b(?:{_BEFORE})\s+)(?P<name>{_PERSON})")
# Words that follow a greeting or a title without being a name.
_NO_NAMES = {"Sir", "Madam", "Team", "All", "Everyone", "Customer", "There", "Folks", "President"}


@dataclass
class Masker:
    """Marks for one corpus.

    kinds : of KINDS. words : further words to hide, names that no pattern finds. marks : what is
    hidden -> its mark, in the order found; it stays on this machine.
    """

    kinds: tuple[str, ...] = KINDS
    words: tuple[str, ...] = ()
    marks: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def mask(self, text: str) -> str:
        """The text with marks in place of what it gives away."""
        for word in sorted(filter(str.strip, self.words), key=len, reverse=True):
            pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
            text = re.sub(pattern, lambda m: self._mark("name", m[0]), text, flags=re.IGNORECASE)
        for kind, pattern in _PATTERNS.items():
            if kind in self.kinds:
                text = pattern.sub(lambda m, k=kind: self._found(k, m[0]), text)
        if "name" in self.kinds:
            text = _NAME.sub(self._named, text)
        return text

    def all(self, texts: Iterable[str]) -> list[str]:
        """Every text masked; a whole name found anywhere is hidden wherever it stands."""
        masked = [self.mask(text) for text in texts]
        names = [w for w, mark in self.marks.items() if mark.startswith("[NAME_") and " " in w]
        if not names:
            return masked
        longest = sorted(names, key=len, reverse=True)
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
        return [pattern.sub(lambda m: self.marks[m[0]], text) for text in masked]

    def _found(self, kind: str, words: str) -> str:
        digits = "".join(c for c in words if c.isdigit())
        if kind == "card" and not _luhn(digits):
            return words
        if kind == "iban" and not _iban(words.replace(" ", "")):
            return words
        if kind == "phone" and not (7 <= len(digits) <= 15 and _dialled(words)):
            return words
        return self._mark(kind, words)

    def _named(self, match: re.Match) -> str:
        name = match["name"]
        if name.split()[0] in _NO_NAMES:
            return match[0]
        return match["before"] + self._mark("name", name)

    def _mark(self, kind: str, words: str) -> str:
        known = " ".join(words.split())
        if known not in self.marks:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self.marks[known] = f"[{kind.upper()}_{self._counts[kind]}]"
        return self.marks[known]


def _luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    values = [int(d) for d in digits[::-1]]
    doubled = [sum(divmod(2 * v, 10)) for v in values[1::2]]
    return (sum(values[::2]) + sum(doubled)) % 10 == 0


def _iban(words: str) -> bool:
    """Whether the check digits of an account number are right (ISO 13616)."""
    turned = words[4:] + words[:4]
    return len(words) >= 15 and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _dialled(words: str) -> bool:
    """A number that is written like one to dial, not like a date, a year range or an amount."""
    if re.fullmatch(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}", words):
        return False
    if re.fullmatch(r"\d{1,3}(?:[. ]\d{3})+", words) or re.fullmatch(r"\d{4}-\d{4}", words):
        return False
    return words.startswith(("+", "00", "(", "0")) or words.count("-") >= 2 or " " in words
