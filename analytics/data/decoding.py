"""Bytes of a text file to UTF-8: byte-order marks, UTF-16 without one, legacy code pages."""

import codecs
import re

from analytics.data.naming import Notes
from analytics.errors import BadInput

# The names a person may choose; also the only ones accepted, since some of Python's codecs take
# quadratic time or are no character encodings at all.
ENCODINGS = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii", "latin-1", "cp1252", "cp1250",
    "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp437", "cp850", "iso8859-2",
    "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "koi8-r", "koi8-u", "mac-roman",
    "shift_jis", "euc_jp", "gb18030", "gbk", "big5", "euc_kr",
)  # fmt: skip
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "koi8_r", "shift_jis", "euc_jp",
            "gb18030", "big5", "euc_kr")  # fmt: skip
# Accented letters by language. One byte is an "è" in cp1252 and a "č" in cp1250; the page under
# which some single language explains most of the letters is the likelier one.
_LETTERS = {
    "cp1252": ("àâæçéèêëîïôœùûüÿ", "äöüß", "áéíñóúü", "àáâãçéêíóôõú", "àèéìòù", "åäöæøé"),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžľĺŕôä", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
}
_OTHER_SCRIPTS = ("cp1251", "cp1253", "koi8_r")  # pages whose words hold no plain letters
_SAMPLE = 32_768
_CHUNK = 4 * 2**20
_CONTROL_BYTES = bytes(b for b in range(32) if b not in b"\t\n\r\f\x1a\x1b") + b"\x7f"
_FEW = 40  # fewer bytes above 127 than this are too few to tell one code page from another


def to_utf8(data: bytes, encoding: str | None, notes: Notes) -> tuple[bytes, str]:
    """The text as UTF-8 with ``\\n`` line ends and no byte-order mark, and its encoding's name.

    encoding : a name of ENCODINGS, or None to detect it. Raises BadInput for binary content or an
    unknown encoding.
    """
    if encoding is not None:
        found = check(encoding)
        text = _convert(data, "utf-8-sig" if found == "utf-8" else found, notes)
    else:
        text, found = _detect(data, notes)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _is_binary(text[: 2 * _SAMPLE]):
        raise BadInput(
            "The content is neither text nor one of the formats read here: "
            "save it as CSV, JSON, Parquet or XLSX and open that."
        )
    return text, found


def check(encoding: str) -> str:
    """The canonical name of an accepted encoding. Raises BadInput."""
    names = {codecs.lookup(name).name: name for name in ENCODINGS}
    try:
        return names[codecs.lookup(str(encoding).strip()).name]
    except (LookupError, ValueError):
        raise BadInput(
            f"The encoding {str(encoding)[:40]!r} is not known: use one of {', '.join(ENCODINGS)}."
        ) from None


def _detect(data: bytes, notes: Notes) -> tuple[bytes, str]:
    if data.isascii() and b"\0" not in data[:_SAMPLE]:
        return data, "utf-8"
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _convert(data, name, notes), name.removesuffix("-sig")
    wide = _utf16_without_mark(data[:_SAMPLE])
    if wide:
        return _convert(data, wide, notes), wide
    good, bad = _utf8_errors(data)
    if not bad:
        return data, "utf-8"
    if bad * 10 <= good:
        return _convert(data, "utf-8", notes), "utf-8"
    name = _legacy(data)
    notes.say(
        f"The text is not UTF-8; it was read as {name}. "
        "Choose another encoding if letters look wrong."
    )
    return _convert(data, name, notes), name


def _convert(data: bytes, encoding: str, notes: Notes) -> bytes:
    text = data.decode(encoding, "replace")
    lost = text.count("\ufffd")
    if lost:
        first = text.count("\n", 0, text.index("\ufffd")) + 1
        notes.say(
            f"{lost:,} places are not valid {encoding.removesuffix('-sig').upper()} and show "
            f"as \ufffd; the first is in line {first:,}."
        )
    return text.encode("utf-8", "replace")


def _utf16_without_mark(sample: bytes) -> str | None:
    """UTF-16 shows as zero bytes at every second place (for mostly Latin text)."""
    half = len(sample) // 2
    if half < 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _utf8_errors(data: bytes) -> tuple[int, int]:
    """How many non-ASCII characters are valid UTF-8, and how many places are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    for start in range(0, len(data), _CHUNK):
        piece = data[start : start + _CHUNK]
        final = start + _CHUNK >= len(data)
        if piece.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(piece, final)
        wrong = text.count("\ufffd")
        bad += wrong
        good += len(text) - len(text.encode("ascii", "ignore")) - wrong
    return good, bad


def _legacy(data: bytes) -> str:
    """A code page for text that is not UTF-8, from the lines that need one."""
    lines, size = [], 0
    for match in re.finditer(rb"[^\n]{0,400}[\x80-\xff][^\n]{0,400}", data):
        lines.append(match.group())
        size += len(lines[-1])
        if size > _SAMPLE:
            break
    sample = b"\n".join(lines)[:_SAMPLE]
    high = re.findall(rb"[\x80-\xff]+", sample)
    single = sum(len(run) == 1 for run in high)
    # Western text has single accented letters between plain ones; other scripts have runs.
    if sum(map(len, high)) < _FEW and single >= 0.7 * len(high):
        return _western(data)
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=list(_GUESSED)).best()
    if best is None:
        return _western(data)
    if best.encoding in _OTHER_SCRIPTS and _mixed(sample):
        return _western(data)
    if best.encoding in ("cp1250", "cp1252", "cp1254"):
        return "cp1250" if _explained(sample, "cp1250") > _explained(sample, "cp1252") else "cp1252"
    return check(best.encoding)


def _mixed(sample: bytes) -> bool:
    """Whether most words with bytes above 127 also hold plain letters, as Latin words do."""
    words = [w for w in re.findall(rb"[A-Za-z\x80-\xff]+", sample) if not w.isascii()]
    return sum(re.search(rb"[A-Za-z]", w) is not None for w in words) > len(words) / 2


def _explained(sample: bytes, page: str) -> float:
    """Largest share of the letters above 127 that belong to one language of the code page."""
    letters = [c for c in sample.decode(page, "replace").lower() if c.isalpha() and not c.isascii()]
    best = max(sum(c in alphabet for c in letters) for alphabet in _LETTERS[page])
    return best / max(1, len(letters))


def _western(data: bytes) -> str:
    """cp1252 unless it lacks a byte that is used; Latin-1 has them all."""
    return "latin-1" if any(bytes([b]) in data for b in b"\x81\x8d\x8f\x90\x9d") else "cp1252"


def _is_binary(sample: bytes) -> bool:
    if b"\0" in sample:
        return True
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return controls > max(2, 0.01 * len(sample))
