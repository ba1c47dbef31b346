"""What to explain and by which goal: the form, what the goal is read as, the first look."""

import contextlib

import numpy as np
import pandas as pd
import streamlit as st

from analytics.errors import BadInput
from analytics.explanation import asking, goals, topics
from analytics.operations import Request, request
from analytics.results import Dataset, Explanation
from pages.ui import connecting, frame, judging, session
from pages.ui.forms import number_of
from pages.ui.words import about_seconds, count, safe_md

EXAMPLES = (
    "by topic",
    "by the language they are written in",
    "by writing style",
    "by sentiment",
    "by complaint, in the form 'complains about <something>'",
    "by length",
)
ASPECTS = {
    goals.TOPIC: "what they are about",
    goals.LANGUAGE: "the language they are written in",
    goals.STYLE: "the form they are written in",
    goals.FEELING: "how they feel",
    goals.LENGTH: "how long they are",
}
WAYS = ("a goal", "keywords")
PREVIEW, LETTERS = 10, 600
# Mean letters of a cell in a column of texts, and how many different cells make up for fewer.
LEAST_LETTERS, MANY_SHORT = 15, 30
SEVERAL = r"[^\W\d_]{2}.*\s.*[^\W\d_]{2}"
SEVERAL_WORDS = 0.25  # least share of such short cells
# From so many texts on, a sample of them is explained first, to have something to look at.
MANY, FIRST = 1_500, 300
SECONDS_PER_TEXT = 0.009
HOW = """
A description is true or false of every text. Candidates are proposed from the groups the texts
fall into, each is judged on all texts, and the few that together explain each text about once are
chosen: the objective of GoalEx (Wang, Shang & Zhong 2023). With a language model, it proposes and
judges, and says at last which description fits each text best. On this machine no model is asked:
sentence vectors, known topic names and the texts' own words stand in for it. Against the labels of
three test sets this reaches a matched macro-F1 of 0.83 (news topics), 0.93 (topics across four
languages) and 1.00 (languages); feelings and writing styles are weaker cues.

*Covered* is the share of the texts that at least one description is true of, which means a chance
of 0.5 or more. A text goes to its likeliest description from a chance of 0.3 on, so fewer texts are
*unexplained* than are not covered: those between lie in a group without a description being true of
them. The cost counts each text left out once and each second description by the weight you set.
"""


def text_columns(dataset: Dataset) -> list[str]:
    """Columns that hold texts, the marked one first, then the longest; short texts too where they
    are many, as titles or search words are."""
    held = [c for c in dataset.frame.columns[:500] if _is_text(dataset.frame[c])]
    if dataset.text_column in dataset.frame and dataset.text_column not in held:
        held.append(dataset.text_column)
    return sorted(held, key=lambda c: (c != dataset.text_column, -_letters(dataset.frame[c])))


def _is_text(column: pd.Series) -> bool:
    """Different values that are longer than names are, or very many of them, in several words:
    what is short and has one word is a code, also with a number behind it ("User 12")."""
    kinds = pd.api.types
    if kinds.is_numeric_dtype(column) or kinds.is_datetime64_any_dtype(column):
        return False
    if _letters(column) >= LEAST_LETTERS:
        return column.nunique() >= 2
    several = column.iloc[:200].astype("str").str.contains(SEVERAL).mean()
    return column.nunique() >= MANY_SHORT and several >= SEVERAL_WORDS


def _letters(column: pd.Series) -> float:
    return float(column.iloc[:200].astype("str").str.len().mean())


def controls(dataset: Dataset, found: Explanation | None) -> None:
    """The goal, the number of groups, and the button."""
    st.subheader("Explain")
    columns = text_columns(dataset)
    if not columns:
        st.caption("No column of texts.")
        return
    column = st.selectbox("Texts", columns, key="explain-column", persist_state="session")
    if _letters(dataset.frame[column]) < LEAST_LETTERS:
        st.caption(
            "These texts are short: few words say little, so groups by meaning are less sure, and "
            "groups by language or form need whole sentences."
        )
    way = st.segmented_control(
        "Group them by",
        WAYS,
        default=WAYS[0],
        required=True,
        key="explain-way",
        persist_state="session",
    )
    texts = int(dataset.frame[column].nunique())
    if way == WAYS[0]:
        _by_goal(dataset, column, found, texts)
    else:
        _by_keywords(dataset, column)
    took = "" if judging.by_model() else f", {about_seconds(2 + SECONDS_PER_TEXT * texts)}"
    st.caption(f"{count(texts, 'text')}{took}.")


def _by_goal(dataset: Dataset, column: str, found: Explanation | None, texts: int) -> None:
    old = found.params if found is not None else {}
    if "explain-goal" not in st.session_state:
        st.session_state["explain-goal"] = old.get("goal", EXAMPLES[0])
    goal = st.text_area(
        "Goal",
        key="explain-goal",
        max_chars=goals.MOST_LETTERS,
        height=90,
        help="By what to group, in your words. A form in quotes, such as 'complains about "
        "<something>', is kept.",
        persist_state="session",
    )
    with st.popover("Examples of goals", type="tertiary"):
        for example in EXAMPLES:
            st.button(
                safe_md(example),
                key=f"goal-{example}",
                on_click=_take,
                args=(example,),
                width="stretch",
            )
    values = {p.name: number_of(p, start=old.get(p.name)) for p in asking.PARAMS if p.basic}
    with st.expander("More settings"):
        examples = st.text_area(
            "Sample descriptions, one per line", key="explain-examples", persist_state="session"
        )
        values |= {
            p.name: number_of(p, start=old.get(p.name)) for p in asking.PARAMS if not p.basic
        }
        seed = st.number_input("Seed", 0, 2**32 - 1, 0, key="explain-seed", persist_state="session")
    by_model, model = judging.choice()
    ready = model is not None or not by_model
    if st.button("Explain these texts", type="primary", width="stretch", disabled=not ready):
        _start(dataset, column, goal, examples.splitlines(), values, int(seed or 0), texts, model)
    if model is not None:
        with contextlib.suppress(BadInput):  # said when the button is pressed
            wanted = asking.explanation_request(
                dataset, column, goal, examples.splitlines(), values, int(seed or 0), model
            )
            judging.cost(dataset, wanted.params, model, wanted.seed)


def _by_keywords(dataset: Dataset, column: str) -> None:
    """Topics that the reader knows already, each by some of its words."""
    text = st.text_area(
        "Topics, one per line",
        key="explain-topics",
        placeholder="hotel: room, breakfast\ndelivery: parcel, courier",
        height=120,
        max_chars=topics.MOST_LETTERS,
        help="Each text goes to the topic whose own texts it resembles most (Lbl2Vec).",
        persist_state="session",
    )
    if st.button("Sort these texts", type="primary", width="stretch"):
        try:
            wanted = topics.topics_request(dataset, column, topics.read(text))
        except BadInput as error:
            frame.sentence(str(error), "error")
            return
        session.want("explanation", wanted, step=True)
        st.rerun()


def _take(example: str) -> None:
    st.session_state["explain-goal"] = example


def _start(
    dataset, column: str, goal: str, examples, values: dict, seed: int, texts: int, model
) -> None:
    try:
        wanted = asking.explanation_request(dataset, column, goal, examples, values, seed, model)
    except BadInput as error:
        frame.sentence(str(error), "error")
        return
    first = _first(wanted, texts)
    if first is not None:
        session.ask(first)
    session.want("explanation", wanted, step=True)
    st.rerun()


def _first(wanted: Request, texts: int) -> Request | None:
    """The request for a first look at a sample, where that is worth it. It follows from the request
    for all texts, so that a page loaded again finds it too."""
    slow = wanted.kind == "explanation" and wanted.method == "offline" and texts > MANY
    if not slow or wanted.params["sample"]:
        return None
    params = {**wanted.params, "sample": FIRST}
    return request(wanted.kind, wanted.method, wanted.parents, params, wanted.seed)


def first_look(dataset: Dataset) -> Explanation | None:
    """The explanation of a sample, while that of all texts is under way."""
    wanted = session.current().wanted.get("explanation")
    if wanted is None or wanted.params.get("column") not in dataset.frame:
        return None
    first = _first(wanted, int(dataset.frame[wanted.params["column"]].nunique()))
    return None if first is None else frame.try_ask(first)


def way() -> None:
    """Where the form is; seen only where the sidebar is folded away to begin with."""
    with st.container(key="explain-form-place"):
        st.caption("Choose the goal and who judges, and start, in the sidebar: » above opens it.")


def before(dataset: Dataset) -> None:
    """What would be done, on ten texts."""
    column = st.session_state.get("explain-column") or text_columns(dataset)[0]
    if column not in dataset.frame:
        column = text_columns(dataset)[0]
    texts = dataset.frame[column].dropna().astype("str")
    rows = np.sort(np.random.default_rng(0).permutation(len(texts))[:PREVIEW])
    some = texts.iloc[rows].str.slice(0, LETTERS).to_list()
    try:
        read = goals.read((st.session_state.get("explain-goal") or "").strip() or EXAMPLES[0])
    except BadInput as error:
        frame.sentence(str(error), "warning")
        return
    if judging.by_model():
        st.subheader("Texts to be sent")
        st.markdown("The language model reads the goal as you wrote it. Ten of the texts:")
        some = connecting.hidden(some)
    else:
        st.subheader("What the goal is read as")
        st.markdown(
            f"The texts are grouped by **{ASPECTS[read.aspect]}**; a description reads "
            f"“{safe_md(read.describe('…'))}”. Ten of the texts:"
        )
    st.dataframe(pd.DataFrame({column: some}), hide_index=True, lazy=False)
    frame.how(HOW)
