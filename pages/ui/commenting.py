"""The comments beside a review: read, write, answer, resolve; new ones appear by themselves."""

from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from analytics.errors import BadInput, StoreError
from analytics.review import about as targets
from analytics.store.fields import MAX_NAME
from pages.ui import access, frame, marking, parts, services
from pages.ui.words import count, escape, safe_md, when

LIVE_SECONDS = 4
SHOWN = 60  # threads
FILTERS = ("open", "resolved", "all")
NAME = "review-my-name"
SECRETS = "review-secrets"  # comment -> what lets its writer change it, while this page is open


@dataclass(frozen=True)
class Desk:
    """Where comments are read and written: the review, the token of the link by which this reader
    came ("" for who needs none), the version on screen (0 for none), the results behind the page's
    map, the page's key, and whether its owner looks."""

    review: str
    token: str
    number: int
    results: marking.Results | None
    key: str
    owner: bool = False

    def same(self, number: int) -> bool:
        """Whether a version shows the very map and clusters of this page."""
        shown = self.results
        if shown is None:
            return False
        groups = shown.clustering.digest if shown.clustering is not None else ""
        return _base(self.review, number) == (shown.projection.digest, groups)

    @property
    def within(self) -> str:
        """The review's id for who needs no link, else ""."""
        return "" if self.token else self.review

    def rights(self, comment: str) -> dict[str, str]:
        """What lets this page change a comment; all empty when nothing does."""
        held = st.session_state.get(SECRETS, {}).get(comment, "")
        return {"secret": held, "owner": self.review if self.owner else ""}

    def address(self, number: int) -> str:
        """Where a version opens for who looks at this page."""
        from pages.ui import reading

        if self.token:
            return f"/review?{reading.QUERY}={self.token}&{reading.VERSION}={number}"
        return reading.within(self.review, number)


@lru_cache(maxsize=512)
def _base(review: str, number: int) -> tuple[str, str]:
    """What a version shows, which never changes."""
    from analytics.review import store

    return store.base(services.engine(), review, number)


def panel(desk: Desk) -> None:
    """All comments of a review, and the form for a new one."""
    from analytics.review import comments

    st.subheader("Comments")
    if not desk.number:
        st.caption("Once published, what readers say stands here.")
        return
    engine = services.engine()
    seen = comments.stamp(engine, desk.review)

    @st.fragment(run_every=LIVE_SECONDS)
    @parts.counted("comments")
    def watch():
        """Draw the page again once somebody has written."""
        try:
            now = comments.stamp(engine, desk.review)
        except (BadInput, StoreError):  # deleted, or away for a moment: said on the next click
            return
        if now != seen:
            st.rerun()

    _undo(desk)
    _form(desk)
    _threads(desk)
    watch()


def _done(action, *args, **more) -> bool:
    """Whether an action went through; says in place why it did not."""
    try:
        action(services.engine(), *args, **more)
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "error")
        return False
    return True


def _form(desk: Desk) -> None:
    """A new comment, on what is marked or on the whole."""
    key = desk.key
    marked = marking.marked(key) if desk.same(desk.number) else None
    choices = {"": "The whole review"}
    if marked is not None:
        choices = {"marked": safe_md(marking.words(marked, desk.results)), **choices}
    with st.form(f"{key}-comment", clear_on_submit=False, border=True):
        known = access.called()
        if known:
            st.session_state[NAME] = known[:MAX_NAME]
            st.caption(safe_md(f"As {known}"))
        else:
            st.text_input("Your name", key=NAME, max_chars=MAX_NAME, persist_state="session")
        about = st.radio(
            "Speaks of",
            list(choices),
            format_func=choices.get,
            key=f"{key}-speaks-of-{'marked' if marked else 'whole'}",
        )
        # A new box after each comment: what was typed is kept until it is stored.
        box = f"{key}-text-{st.session_state.get(f'{key}-written', 0)}"
        words = st.text_area("Comment", key=box, max_chars=2_000, height=110)
        sent = st.form_submit_button("Comment", type="primary")
    if sent and _write(desk, words, marked if about else targets.WHOLE):
        st.session_state[f"{key}-written"] = st.session_state.get(f"{key}-written", 0) + 1
        st.rerun()


def _write(desk: Desk, words: str, about: dict, parent: str = "") -> bool:
    """Store a comment or a reply by the name typed; says in place why it was refused."""
    from analytics.review import comments

    try:
        comment, secret = comments.write(
            services.engine(),
            desk.token,
            desk.number,
            name=st.session_state.get(NAME) or "",
            text=words,
            about=about,
            parent=parent,
            within=desk.within,
        )
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "error")
        return False
    st.session_state.setdefault(SECRETS, {})[comment] = secret
    return True


def _threads(desk: Desk) -> None:
    from analytics.review import comments

    found = comments.listed(services.engine(), desk.review)
    tops = [c for c in found if not c.parent]
    states = {
        "open": [c for c in tops if not c.resolved_by],
        "resolved": [c for c in tops if c.resolved_by],
        "all": tops,
    }
    # No counts in the options: a list whose words change forgets what was chosen from it.
    chosen = st.segmented_control(
        "Which comments",
        FILTERS,
        default="open",
        required=True,
        key=f"{desk.key}-filter",
        label_visibility="collapsed",
    )
    shown = states[chosen or "open"]
    st.caption(f"{count(len(states['open']), 'comment')} open, {len(states['resolved'])} resolved.")
    if not tops:
        st.caption("Nobody has commented yet. Mark points or a cluster to speak of them.")
    for comment in reversed(shown[-SHOWN:]):
        with st.container(border=True, key=f"thread-{comment.id}"):
            _one(desk, comment)
            _about(desk, comment)
            for reply in (c for c in found if c.parent == comment.id and not c.deleted):
                with st.container(key=f"reply-{reply.id}"):
                    _one(desk, reply)
            _answer(desk, comment)
    if len(shown) > SHOWN:
        st.caption(f"The newest {SHOWN} of {len(shown):,} comments are shown.")


def _one(desk: Desk, comment) -> None:
    """One comment or reply: who, when, what; changing it for who may."""
    from analytics.review import comments

    if comment.deleted:
        st.caption("This comment was deleted.")
        return
    changed = ", changed since" if comment.edited else ""
    st.html(
        f"<div class='comment'><b>{escape(comment.name)}</b> "
        f"<span class='muted'>{escape(when(comment.created))}{changed}</span>"
        f"<div class='said'>{escape(comment.text)}</div></div>"
    )
    rights = desk.rights(comment.id)
    if not any(rights.values()):
        return
    kept = st.session_state.get(f"kept-{comment.id}", 0)  # a fold of another key is closed
    with st.popover("Change", key=f"change-{comment.id}-{kept}", type="tertiary"):
        typed = st.text_area(
            "Comment", comment.text, key=f"edit-{comment.id}-{comment.revision}", max_chars=2_000
        )
        if st.button("Keep this text", key=f"keep-{comment.id}") and _done(
            comments.edit,
            desk.token,
            comment.id,
            comment.revision,
            typed,
            within=desk.within,
            **rights,
        ):
            st.session_state[f"kept-{comment.id}"] = kept + 1
            st.rerun()
        if st.button("Delete", key=f"delete-{comment.id}") and _done(
            comments.delete, desk.token, comment.id, within=desk.within, **rights
        ):
            st.session_state["comment-deleted"] = (comment.id, comment.name)
            st.rerun()


def _about(desk: Desk, comment) -> None:
    """What a comment speaks of, and going back to it."""
    about, same = comment.about, desk.same(comment.number)
    older = f" · on version {comment.number}" if comment.number != desk.number else ""
    if comment.deleted or (about["kind"] == "whole" and not older):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        said = marking.words(about, desk.results if same else None)
        st.caption(safe_md(said + older), width="content")
        if about["kind"] == "whole" or not (same or older):  # else the map of this one is gone
            return
        if not same:
            words = f"Open version {comment.number}"
            st.link_button(words, desk.address(comment.number), type="tertiary")
        elif st.button("Show", key=f"show-{comment.id}", type="tertiary"):
            marking.mark(desk.key, about)
            st.rerun()


def _answer(desk: Desk, comment) -> None:
    """Resolve, reopen, reply."""
    from analytics.review import comments

    if comment.resolved_by:
        st.caption(f"Resolved by {safe_md(comment.resolved_by)}")
    if comment.deleted:
        return
    with st.container(horizontal=True):
        by = "" if comment.resolved_by else st.session_state.get(NAME) or _nobody(desk)
        word = "Reopen" if comment.resolved_by else "Resolve"
        if st.button(word, key=f"resolve-{comment.id}", type="tertiary") and _done(
            comments.resolve, desk.token, comment.id, by[:MAX_NAME], within=desk.within
        ):
            st.rerun()
        again = f"replied-{comment.id}"
        sent = st.session_state.get(again, 0)  # each reply has a new fold, which is closed
        with st.popover("Reply", key=f"reply-to-{comment.id}-{sent}", type="tertiary"):
            if not st.session_state.get(NAME):
                st.caption("Type your name above the comment box first.")
            box = f"reply-text-{comment.id}-{sent}"
            typed = st.text_area("Reply", key=box, max_chars=2_000)
            if st.button("Send the reply", key=f"send-{comment.id}") and _write(
                desk, typed, targets.WHOLE, comment.id
            ):
                st.session_state[again] = sent + 1
                st.rerun()


def _nobody(desk: Desk) -> str:
    """Who resolves without a name typed."""
    return "The owner" if desk.owner else "A reader"


def _undo(desk: Desk) -> None:
    """Bring back the comment just deleted."""
    from analytics.review import comments

    gone = st.session_state.get("comment-deleted")
    if not gone:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Deleted the comment of {safe_md(gone[1])}.", width="content")
        if st.button("Undo the deletion", type="tertiary", key="undo-comment"):
            del st.session_state["comment-deleted"]
            rights = desk.rights(gone[0])
            if _done(comments.restore, desk.token, gone[0], within=desk.within, **rights):
                st.rerun()
