"""Sentences of a language model on the groups: asking for them, and one on its card."""

from typing import Any

import streamlit as st

from analytics.errors import BadInput, StoreError
from analytics.explanation import written
from analytics.language import asking as language
from analytics.operations import Request
from analytics.results import Clustering, Dataset, Reasons, Sentences
from pages.ui import connecting, dialogs, frame, parts, session
from pages.ui.words import count, safe_md, share

WANTED = "sentences-wanted"
MEANINGLESS = ("check",)  # of the model's parameters: each claim is counted instead
HOW = """
A language model is told the facts on a group: its statement, its most telling columns, key terms
and a few typical texts; of pictures the mean values of nine parts, never the pictures. It writes a
sentence and lists what that sentence claims. Each claim is then counted: it holds when it is true
of at least 70 % of the group, and truer inside than elsewhere (95 % interval of the difference,
Newcombe 1998). All claims together must tell the group from as many nearest rows outside. What
only a reader can judge of a text, the model judges on 15 texts of the group and 15 nearest outside,
asked in two forms; from how often the two differ its error is told. Numbers in the sentence must
stand among the facts, and a second question asks which words no claim stands for. A sentence that
fails any of this is not shown as an explanation, and the tick never rests on one.
"""
INSTEAD = (
    "Change it under “Write with a language model” and write the sentences anew: what was answered "
    "is not asked again."
)
NAMES = {"describe": "For a sentence", "judge": "To judge texts", "beyond": "What is not claimed"}


def current(found: Reasons) -> Sentences | None:
    """The sentences on a clustering, or None while there are none."""
    wanted = _wanted(found)
    if wanted is not None and wanted.digest not in session.current().asked:
        return stored(found)
    return frame.try_ask(wanted, instead=INSTEAD) if wanted is not None else stored(found)


def _wanted(found: Reasons) -> Request | None:
    """What this reader asked for last."""
    return st.session_state.get(WANTED, {}).get(found.digest)


def stored(found: Reasons | None) -> Sentences | None:
    """The sentences asked for here, or for the model of the environment, if they are there."""
    if found is None:
        return None
    wanted = _wanted(found)
    try:
        wanted = wanted or written.sentences_request(found, language.params())
    except (BadInput, StoreError):
        return None
    return session.load(wanted.digest)


def ask(dataset: Dataset, result: Clustering, found: Reasons) -> None:
    """The fold in which a model is chosen, priced, looked at, and asked."""
    # No popover: it would lie over the dialog that shows what would be sent.
    fold = st.expander("Write with a language model", on_change="rerun", key="sentences-fold")
    if not fold.open:
        return
    with fold:
        st.caption("One sentence on each group, written from these facts and checked on the rows.")
        asked = connecting.chosen(MEANINGLESS)
        if asked is None:
            return
        wanted = written.sentences_request(found, asked)
        try:
            _offer(dataset, result, found, asked, wanted)
        except BadInput as error:
            frame.sentence(str(error), "warning")


def _offer(dataset, result: Clustering, found: Reasons, asked: dict[str, Any], wanted: Request):
    """What it costs, what would be sent, and the button."""
    key = f"sentences-cost-{wanted.digest}"
    if key not in st.session_state:
        st.session_state[key] = written.estimate(asked, dataset, result.labels, found, wanted.seed)
    st.caption(connecting.estimated(*st.session_state[key]))
    see = st.button("See what would be sent", width="stretch", key="sentences-preview")
    if dialogs.stands("sentences-preview", see):
        _sent(dataset, result, found, asked, wanted.seed)
    if st.button("Write the sentences", type="primary", width="stretch", key="sentences-go"):
        session.retry(wanted.digest)
        st.session_state.setdefault(WANTED, {})[found.digest] = wanted
        session.ask(wanted)
        st.rerun()


@st.dialog("What would be sent", width="large", on_dismiss=dialogs.closed)
@parts.counted("request")
def _sent(dataset, result: Clustering, found: Reasons, asked: dict[str, Any], seed: int) -> None:
    """The very messages on the first group."""
    connecting.goes_to(asked)
    held = written.sent(asked, dataset, result.labels, found, seed)
    kinds = [kind for kind in NAMES if held[kind]]
    for tab, kind in zip(st.tabs([NAMES[k] for k in kinds]), kinds, strict=True):
        with tab:
            if kind != "describe":
                st.caption("“…” stands for what the model will have written.")
            connecting.messages(held[kind])


def summary(told: Sentences | None) -> None:
    """How many sentences stand, and what they cost."""
    if told is None:
        return
    stand = sum(entry["status"] == written.CHECKED for entry in told.written)
    groups = count(len(told.written), "group")
    st.markdown(f"A language model wrote a sentence that stands on **{stand} of {groups}**.")
    connecting.spent(told.about.get("usage"), told.notes)


def on_card(told: Sentences | None, label: int) -> None:
    """The sentence on one group with its claims; one that fails is shown as failed, in a fold."""
    entry = next((e for e in (told.written if told else ()) if e["label"] == label), None)
    if entry is None:
        return
    if entry["status"] == written.CHECKED:
        st.markdown(f"**{safe_md(entry['sentence'])}**")
        st.caption(f"Written by a language model. {safe_md(_whole(entry))}")
        with st.expander("What it claims, counted"):
            _claims(entry)
            _seen(told, entry)
    elif entry["status"] == written.FAILED:
        with st.expander("A sentence of the language model failed its check"):
            st.markdown(f"~~{safe_md(entry['sentence'])}~~")
            st.markdown("\n".join(f"- {safe_md(_capital(why))}" for why in entry["why"]))
            _claims(entry)
            _seen(told, entry)
    else:
        st.caption("The language model gave no usable sentence on this group.")


def _seen(told: Sentences, entry: dict[str, Any]) -> None:
    """What the model saw and answered about one group."""
    key = f"sentences-seen-{told.digest}-{entry['label']}"
    if not st.toggle("Show what the model saw and answered", key=key):
        return
    try:
        held = written.seen(told.params["language"], entry, told.seed)
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "warning")
        return
    if not held:
        st.caption("Nothing is kept of it: the answers were cleared since.")
    for exchange in held:
        connecting.messages([*exchange.messages, {"role": "answer", "content": exchange.answer}])


def _whole(entry: dict[str, Any]) -> str:
    whole = entry["together"]
    if whole is None:
        return "Its claims hold for the texts that were judged."
    if whole["near"] is None:
        return "There is no row outside the group to tell it from."
    return (
        f"All it claims that can be read off is true of {share(whole['inside'])} of the group and "
        f"of {share(whole['near'])} of as many nearest rows outside."
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _claims(entry: dict[str, Any]) -> None:
    """Each claim with its shares."""
    lines = []
    for claim in entry["claims"]:
        sign = "holds" if claim["holds"] else "fails"
        lines.append(f"- {safe_md(claim['words'])}: {sign}. {safe_md(_shares(claim))}")
    st.markdown("\n".join(lines))


def _shares(claim: dict[str, Any]) -> str:
    if claim["inside"] is None:
        return ""
    said = f"True of {share(claim['inside'])} of {claim['members']:,} members"
    if claim["near"] is not None:
        said += f", {share(claim['near'])} of the {claim['nearest']:,} nearest outside"
    if claim["outside"] is not None:
        said += f", {share(claim['outside'])} of all outside"
    if claim["error"] is not None:
        low, high = claim["error_interval"]
        said += f"; judged by the model, wrong in about {share(claim['error'])} "
        said += f"({share(low)} to {share(high)})"
    return said + "."
