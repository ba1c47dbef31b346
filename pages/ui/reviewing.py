"""The owner's side of reviews: write one from saved work, edit, publish, its link, delete."""

import json
from functools import lru_cache

import streamlit as st

from analytics import view as views
from analytics.errors import BadInput, StoreError
from analytics.review import document as documents
from analytics.view import View
from pages.ui import (
    access,
    commenting,
    exports,
    frame,
    identity,
    menus,
    reading,
    rewriting,
    saving,
    services,
    session,
    sharing,
    studying,
    titling,
)
from pages.ui.words import count, safe_md, when

SCREEN = "screen"


def start() -> None:
    """The reviews there are, and the form that begins one."""
    st.subheader("For readers who were not there")
    st.markdown(
        "A review is one page made from saved work: the question, the data, one picture, what each "
        "cluster has earned, what was tried, what is uncertain, what to decide. You edit its "
        "texts; readers open it by a link, mark points and comment. A published version never "
        "changes.",
        width=studying.WIDTH,
    )
    _undo()
    _begin()
    _list()


def _begin() -> None:
    """What to write a review of."""
    from analytics.store import projects

    here = session.current().view
    rows = access.mine(projects.list_projects(services.engine()))
    rows = [row for row in rows if row.last_view]
    # The time itself, not how long ago: a menu whose words change forgets what was chosen from it.
    names = {row.last_view: f"{row.name} · saved {row.updated:%d %b %Y, %H:%M} UTC" for row in rows}
    if here.dataset and here.projection:
        names = {SCREEN: "What is on screen now", **names}
    if not names:
        st.caption("Open some data first, or save a view: a review is written from it.")
        st.page_link("data.py", label="Open the Data page", icon=":material/table:")
        return
    with st.container(border=True):
        say = menus.told_apart(names, lambda v: names.get(v, v))
        # By its key it is the same menu when somebody saves another view meanwhile.
        chosen = st.selectbox("Write a review of", list(names), format_func=say, key="review-of")
        if st.button("Write the review", type="primary", icon=":material/rate_review:"):
            try:
                _open(_start(chosen))
            except (BadInput, StoreError) as error:
                frame.sentence(str(error), "error")
                return
            st.rerun()


def _start(chosen: str) -> str:
    """Begin a review of a saved view, or of the screen, which is saved first."""
    from analytics.review import store

    if chosen == SCREEN and not session.is_saved():
        dataset = session.load(session.current().view.dataset)
        before = session.saved_here()
        saving.save(before.get("name") or dataset.name or "Review", before)
    saved = session.current().saved if chosen == SCREEN else session.opened(chosen)[1]
    return store.start(
        services.engine(),
        title=saved["name"],
        view=saved["state"],
        project=saved["project"],
        owner=identity.current(),
    )


def _open(review: str) -> None:
    """Put a review into the address, "" for none."""
    st.query_params.pop(reading.VERSION, None)
    if review:
        st.query_params[reading.WITHIN] = review
    else:
        st.query_params.pop(reading.WITHIN, None)


def _list() -> None:
    from analytics.review import store

    for row in access.mine(store.reviews(services.engine())):
        with st.container(
            horizontal=True, vertical_alignment="center", border=True, key=f"review-{row.id}"
        ):
            with st.container(width="stretch"):
                st.markdown(f"**{safe_md(row.title)}**")
                published = count(row.versions, "version") if row.versions else "not published"
                said = [published, f"{row.open} of {count(row.comments, 'comment')} open"]
                st.caption(" · ".join([*said[: 1 + bool(row.comments)], when(row.updated)]))
            if st.button("Open", key=f"open-{row.id}", type="primary"):
                _open(row.id)
                st.rerun()


def page(review: str) -> None:
    """One review as its owner writes it; one sentence and the way back when there is none."""
    from analytics.review import store

    try:
        found = store.get(services.engine(), review)
        access.require(found.id, access.VIEWER)
    except BadInput:  # the same sentence whether there is one or not
        gone = "The review of this link does not exist or was deleted."
        frame.sentence(gone if access.off() else access.NEEDED[access.VIEWER], "error")
        _back()
        return
    writes = access.allowed(found.id, access.EDITOR)
    if not writes or st.query_params.get(reading.VERSION):  # comments on what is published
        _back(found, writes)
        reading.page("", found.id)
        return
    access.lend(found.view)
    key = f"draft-{found.id}"
    main, side = st.columns([2.7, 1], gap="large")
    with main:
        _head(found)
        view = views.from_json(found.view)
        document = _document(found, view)
        results = None
        if document is not None:
            _publishing(found, view, document)
            results = reading.show(document, key, lambda part: rewriting.part(found, part, _change))
    with side:
        _side(found)
        desk = commenting.Desk(found.id, "", found.versions, results, key, owner=True)
        commenting.panel(desk)


def _back(found=None, writes: bool = True) -> None:
    """The way back to the list; from a version of ``found`` also to the draft, for who writes on
    it, and to the others whom it is shared with, for who does not."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All reviews", icon=":material/arrow_back:", type="tertiary"):
            _open("")
            st.rerun()
        if found is None:
            return
        if not writes:
            sharing.button(found.id, found.title)
        elif st.button("Back to the draft", icon=":material/edit:", type="tertiary"):
            st.query_params.pop(reading.VERSION)
            st.rerun()


def _head(found) -> None:
    """The way back, and the title."""
    _back()
    titling.box(found, _change)


def _change(found, **values) -> None:
    """Store a change and draw the page again; says in place why it was refused."""
    from analytics.review import store

    try:
        access.require(found.id, access.EDITOR)
        store.change(services.engine(), found.id, found.revision, **values)
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "error")
        return
    if "texts" in values:
        rewriting.close()
    st.rerun()


def _document(found, view: View) -> dict | None:
    """The document as it would be published now; None while its map is not there."""
    if session.load(view.projection) is None or session.load(view.dataset) is None:
        frame.sentence(
            "The results of this review are no longer stored here: open its data again, and take "
            "what is then on screen.",
            "warning",
        )
        _retake(found, view)
        return None
    state = exports.state_of(view)
    evidence = _evidence(json.dumps([state, _others(found, view)]))
    picture = {name: getattr(view, name) for name in documents.PICTURE}
    return documents.assemble(evidence, state, picture, title=found.title, texts=found.texts)


@lru_cache(maxsize=8)
def _evidence(wanted: str) -> dict:
    """What a state and the other runs give; the same results always give the same."""
    from analytics.review.evidence import gather

    return gather(services.artifacts(), *json.loads(wanted))


def _others(found, view: View) -> list[str]:
    """The other results of the project: those saved in it and those kept beside the view."""
    from analytics.store.runs import runs

    saved = []
    if found.project:
        try:
            saved = [run.digest for run in runs(services.engine(), found.project)]
        except BadInput:  # the project was deleted
            saved = []
    return list(dict.fromkeys([*saved, *view.maps, *view.runs, *view.compared]))


def _publishing(found, view: View, document: dict) -> None:
    """Publish, take newer work, test stability; what keeps a review from being published."""
    from analytics.clustering.operations import NOT_RERUN, stability_request
    from analytics.review import store

    waits = bool(session.pending())
    clustering = session.load(view.clustering)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            f"Publish version {found.versions + 1}",
            type="primary",
            icon=":material/publish:",
            disabled=waits,
            help="Scores are still being computed." if waits else None,
        ):
            try:
                access.require(found.id, access.EDITOR)
                number = store.publish(services.engine(), found.id, document)
            except (BadInput, StoreError) as error:
                frame.sentence(str(error), "error")
                return
            st.session_state["review-published"] = (number, number == found.versions)
            st.rerun()
        steady = clustering is not None and clustering.method not in NOT_RERUN
        tested = not steady or document["state"].get("stability")
        if not tested and st.button("Test whether the groups survive reruns"):
            session.ask(stability_request(clustering, 10))
            st.rerun()
        _retake(found, view)
    said = st.session_state.pop("review-published", None)
    if said is not None:
        again = f"Nothing has changed since version {said[0]}, so no other was published."
        done = f"Version {said[0]} is published. " + (
            "Its link stands under For readers."
            if found.token
            else "No link leads to it, for the link of this review was taken back."
        )
        frame.sentence(again if said[1] else done, "info" if said[1] else "success")


def _retake(found, view: View) -> None:
    """Write the review from newer work: what is on screen, or what the project saved last."""
    here = session.current().view
    kept = "The texts you wrote stay."
    ready = here.projection and here.to_json() != view.to_json() and not session.pending()
    if ready and st.button("Take what is on screen now", help=kept):
        _change(found, view=here.to_json())
    last = _saved_last(found.project)
    newer = last is not None and last not in (view.to_json(), here.to_json())
    if newer and st.button("Take what was saved last", help=kept):
        _change(found, view=last)


def _saved_last(project: str) -> dict | None:
    """The state of the view that a project saved last."""
    from analytics.store import projects

    try:
        rows = projects.list_views(services.engine(), project) if project else []
        return session.opened(rows[0].view)[1]["state"] if rows else None
    except BadInput:  # the project was deleted
        return None


def _side(found) -> None:
    """The readers' link, the versions, deleting."""
    from analytics.review import store

    st.subheader("For readers")
    if not found.versions:
        st.caption("Once published, the link for readers stands here.")
    else:
        _link(found)
        with st.expander(f"Versions: {found.versions}"):
            for number, moment, digest in store.published(services.engine(), found.id):
                address = (
                    reading.link(found.token, number)
                    if found.token
                    else reading.within(found.id, number)
                )
                st.markdown(f"[Version {number}]({address})")
                st.caption(f"{moment:%d %b %Y, %H:%M} UTC · {digest[:12]}")
    sharing.button(found.id, found.title)
    if not access.allowed(found.id, access.OWNER):
        return
    with st.popover("Delete", type="tertiary"):
        st.markdown("Deletes the review with its versions and comments, for its readers too.")
        if st.button("Delete this review", type="primary"):
            try:
                store.delete(services.engine(), found.id)
            except (BadInput, StoreError) as error:
                frame.sentence(str(error), "error")
                return
            st.session_state["review-deleted"] = (found.id, found.title)
            _open("")
            st.rerun()


def _link(found) -> None:
    """The readers' link and taking it back; a new one once it was."""
    from analytics.review import store

    owner = access.allowed(found.id, access.OWNER)
    if not found.token:
        st.caption("The link was taken back: none leads to this review.")
        if owner and st.button("Make a new link", icon=":material/add_link:"):
            _relink(found, lambda: store.new_link(services.engine(), found.id))
        return
    link = reading.link(found.token)
    st.code(link, language=None, wrap_lines=True)
    st.caption("Whoever reaches this server and has the link can read and comment, no more.")
    with st.container(horizontal=True):
        st.link_button("Open as a reader", link, icon=":material/open_in_new:")
        st.link_button("Present", f"/present/{found.token}", icon=":material/slideshow:")
    if owner:
        # By the link: a press in a tab that still shows an older one does not end the new one.
        with st.popover("Take the link back", type="tertiary", key=f"take-back-{found.token}"):
            st.markdown(
                "Who has the link can then no longer read or comment; nothing is lost, and you can "
                "make a new link."
            )
            if st.button("Take this link back", type="primary", key=f"taken-{found.token}"):
                _relink(found, lambda: store.take_back(services.engine(), found.id, found.token))


def _relink(found, action) -> None:
    """Change the link and draw the page again; says in place why it was refused."""
    try:
        access.require(found.id, access.OWNER)
        action()
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "error")
        return
    st.rerun()


def _undo() -> None:
    """Bring back the review just deleted."""
    from analytics.review import store

    gone = st.session_state.get("review-deleted")
    if frame.undo_deletion("review-deleted", lambda it: store.restore(services.engine(), it)):
        _open(gone[0])
        st.rerun()
