"""The comments beside a review: read, write, answer, resolve; new ones appear by themselves."""

import streamlit as st

from analytics.errors import BadInput, StoreError
from analytics.review import about as targets
from pages.ui import frame, marking, services
from pages.ui.words import count, escape, safe_md, when

LIVE_SECONDS = 4
SHOWN = 100  # threads
FILTERS = ("open", "resolved", "all")
NAME = "review-my-name"
SECRETS = "review-secrets"  # comment -> what lets its writer change it, while this page is open


def panel(
    review: str,
    token: str,
    number: int,
    results: marking.Results | None,
    key: str,
    owner: bool = False,
) -> None:
    """All comments of a review, and the form for a new one on version ``number``.

    results : what the page shows, for going back to what a comment speaks of. owner : may change
    every comment.
    """
    st.subheader("Comments")
    _undo(token, owner and review)
    if number:
        _form(token, number, results, key)

    @st.fragment(run_every=LIVE_SECONDS)
    def live():
        _threads(review, token, number, results, key, owner)

    live()


def _done(action, *args, **more) -> bool:
    """Whether an action went through; says in place why it did not."""
    try:
        action(services.engine(), *args, **more)
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "error")
        return False
    return True


def _form(token: str, number: int, results, key: str) -> None:
    """A new comment, on what is marked or on the whole."""
    marked = marking.marked(key)
    choices = {"": "The whole review"}
    if marked is not None:
        choices = {"marked": marking.words(marked, results), **choices}
    with st.form(f"{key}-comment", clear_on_submit=False, border=True):
        st.text_input("Your name", key=NAME, max_chars=80, persist_state="session")
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
    if sent and _write(token, number, words, marked if about else targets.WHOLE):
        st.session_state[f"{key}-written"] = st.session_state.get(f"{key}-written", 0) + 1
        st.rerun()


def _write(token: str, number: int, words: str, about: dict, parent: str = "") -> bool:
    """Store a comment or a reply by the name typed; says in place why it was refused."""
    from analytics.review import comments

    try:
        comment, secret = comments.write(
            services.engine(),
            token,
            number,
            name=st.session_state.get(NAME) or "",
            text=words,
            about=about,
            parent=parent,
        )
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "error")
        return False
    st.session_state.setdefault(SECRETS, {})[comment] = secret
    return True


def _threads(review: str, token: str, number: int, results, key: str, owner: bool) -> None:
    from analytics.review import comments, store

    try:
        found = comments.listed(services.engine(), review)
        bases = store.bases(services.engine(), review)
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "error")
        return
    tops = [c for c in found if not c.parent]
    states = {
        "open": [c for c in tops if not c.resolved_by],
        "resolved": [c for c in tops if c.resolved_by],
        "all": tops,
    }
    # No counts in the options: a list whose words change forgets what was chosen from it.
    chosen = st.segmented_control(
        "Show", FILTERS, default="open", required=True, key=f"{key}-filter",
        label_visibility="collapsed",
    )  # fmt: skip
    shown = states[chosen or "open"]
    st.caption(f"{count(len(states['open']), 'comment')} open, {len(states['resolved'])} resolved.")
    if not tops:
        st.caption("Nobody has commented yet. Mark points or a cluster to speak of them.")
    base = None
    if results is not None:
        clustering = results.clustering
        base = (results.projection.digest, clustering.digest if clustering is not None else "")
    for comment in reversed(shown[-SHOWN:]):
        replies = [c for c in found if c.parent == comment.id and not c.deleted]
        same = base is not None and bases.get(comment.number) == base
        with st.container(border=True, key=f"thread-{comment.id}"):
            _one(review, token, comment, key, owner)
            _about(token, comment, number, results if same else None, key)
            for reply in replies:
                with st.container(key=f"reply-{reply.id}"):
                    _one(review, token, reply, key, owner)
            _answer(token, comment, number, owner)
    if len(shown) > SHOWN:
        st.caption(f"The newest {SHOWN} of {len(shown):,} comments are shown.")


def _one(review: str, token: str, comment, key: str, owner: bool) -> None:
    """One comment or reply: who, when, what; changing it for who may."""
    from analytics.review import comments

    if comment.deleted:
        st.caption("This comment was deleted.")
        return
    edited = ", changed since" if comment.edited else ""
    st.html(
        f"<div class='comment'><b>{escape(comment.name)}</b> "
        f"<span class='muted'>{escape(when(comment.created))}{edited}</span>"
        f"<div class='said'>{escape(comment.text)}</div></div>"
    )
    secret = st.session_state.get(SECRETS, {}).get(comment.id, "")
    if not secret and not owner:
        return
    rights = {"secret": secret, "owner": review if owner else ""}
    with st.popover("Change", key=f"change-{comment.id}", type="tertiary"):
        typed = st.text_area(
            "Comment", comment.text, key=f"edit-{comment.id}-{comment.revision}", max_chars=2_000
        )
        if st.button("Keep this text", key=f"keep-{comment.id}") and _done(
            comments.edit, token, comment.id, comment.revision, typed, **rights
        ):
            st.rerun()
        if st.button("Delete", key=f"delete-{comment.id}") and _done(
            comments.delete, token, comment.id, **rights
        ):
            st.session_state["comment-deleted"] = (comment.id, comment.name, secret)
            st.rerun()


def _about(token: str, comment, number: int, results, key: str) -> None:
    """What a comment speaks of, and going back to it."""
    from pages.ui.reading import QUERY, VERSION

    about = comment.about
    older = f" · on version {comment.number}" if comment.number != number else ""
    if comment.deleted or (about["kind"] == "whole" and not older):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(safe_md(marking.words(about, results) + older), width="content")
        if about["kind"] == "whole":
            return
        if results is not None:
            if st.button("Show", key=f"show-{comment.id}", type="tertiary"):
                marking.mark(key, about)
                st.rerun()
        else:
            st.link_button(
                f"Open version {comment.number}",
                f"/review?{QUERY}={token}&{VERSION}={comment.number}",
                type="tertiary",
            )


def _answer(token: str, comment, number: int, owner: bool) -> None:
    """Resolve, reopen, reply."""
    from analytics.review import comments

    if comment.resolved_by:
        st.caption(f"Resolved by {safe_md(comment.resolved_by)}")
    if comment.deleted:
        return
    with st.container(horizontal=True):
        by = st.session_state.get(NAME) or ("The owner" if owner else "A reader")
        if comment.resolved_by:
            if st.button("Reopen", key=f"reopen-{comment.id}", type="tertiary") and _done(
                comments.resolve, token, comment.id, ""
            ):
                st.rerun()
        elif st.button("Resolve", key=f"resolve-{comment.id}", type="tertiary") and _done(
            comments.resolve, token, comment.id, by[:80]
        ):
            st.rerun()
        with st.popover("Reply", key=f"reply-to-{comment.id}", type="tertiary"):
            place = f"reply-text-{comment.id}-{st.session_state.get(f'replied-{comment.id}', 0)}"
            if not st.session_state.get(NAME):
                st.caption("Type your name above the comment box first.")
            typed = st.text_area("Reply", key=place, max_chars=2_000)
            if st.button("Send the reply", key=f"send-{comment.id}") and _write(
                token, number or comment.number, typed, targets.WHOLE, comment.id
            ):
                again = f"replied-{comment.id}"
                st.session_state[again] = st.session_state.get(again, 0) + 1
                st.rerun()


def _undo(token: str, owner: str | bool) -> None:
    """Bring back the comment just deleted."""
    from analytics.review import comments

    gone = st.session_state.get("comment-deleted")
    if not gone:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Deleted the comment of {safe_md(gone[1])}.", width="content")
        if st.button("Undo the deletion", type="tertiary", key="undo-comment"):
            del st.session_state["comment-deleted"]
            if _done(comments.restore, token, gone[0], secret=gone[2], owner=owner or ""):
                st.rerun()
