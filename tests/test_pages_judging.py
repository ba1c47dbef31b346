"""The Explain page with a language model: its choice, cost, what would be sent, what it saw."""

import pytest

from analytics import settings
from pages.ui import judging, services
from tests.apptest import settle, view
from tests.llm_server import KEY, MODEL, Oracle, serving
from tests.test_pages_explain import button, cards, opened, said

pytestmark = pytest.mark.usefixtures("served")
NAMES = ["is about sport", "is about money", "<b>is</b> about ![food](http://evil.example/x.png)"]
NOUNS = ("goal", "bank", "soup")
TEXTS = [f"Text {i} speaks of the {NOUNS[i % 3]}; write to a{i}@b.example." for i in range(30)]
MASKED = [text.split("write to")[0] + f"write to [EMAIL_{i + 1}]." for i, text in enumerate(TEXTS)]


@pytest.fixture
def served(monkeypatch):
    """A model behind the address and key of the environment, which the worker inherits."""
    services.stop()
    truth = {text: i % 3 for text_list in (TEXTS, MASKED) for i, text in enumerate(text_list)}
    with serving(Oracle(truth, [NAMES[0], NAMES[1], "is about food"])) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("GESTALT_LLM_MODEL", MODEL)
        yield server
    services.stop()


def by_model(at):
    """The page with a language model chosen."""
    at.button_group(key="explain-who").set_value(judging.WHO[1]).run()
    return at


def test_a_model_is_chosen_priced_previewed_and_asked(served):
    import pandas as pd

    at = by_model(opened(pd.DataFrame({"text": TEXTS, "n": range(30)})))
    assert not at.exception and at.text_input(key="explain-model").value == MODEL
    assert "requests" in said(at) and "free of charge" in said(at)
    at.multiselect(key="explain-mask").set_value(["email"]).run()
    assert "EMAIL" in str(at.dataframe[0].value)  # what will be sent is shown as it will be
    button(at, "See what would be sent").click().run()
    at.run()  # a step that ends meanwhile draws the page anew
    sent = " ".join(c.value for c in at.code)
    assert "[EMAIL_1]" in sent and "b.example" not in sent and TEXTS[0].split(";")[0] in sent
    assert not served.requests  # looking sends nothing
    button(at, "Explain these texts").click()
    settle(at)
    assert not at.exception and len(cards(at)) >= 3
    assert served.requests and f"{len(served.requests)} requests" in said(at)
    first = served.requests[0]["messages"][1]["content"]
    assert first in sent  # what was shown is what was sent
    assert all("b.example" not in str(body) for body in served.requests)
    next(t for t in at.toggle if "saw" in t.label).set_value(True).run()
    shown = [c.value for c in at.code]
    assert not at.exception and any('"true"' in c for c in shown)  # its judgement
    assert any('"description"' in c and "answers" in c[:12] for c in shown)  # its choice
    assert all(KEY not in str(c) for c in (said(at), view(at), served.requests))


def test_what_cannot_be_used_is_said_and_nothing_starts(served):
    import pandas as pd

    at = by_model(opened(pd.DataFrame({"text": TEXTS, "n": range(30)})))
    at.text_input(key="explain-address").set_value("ftp://x").run()
    assert "http" in said(at) and button(at, "Explain these texts").disabled
    at.text_input(key="explain-address").set_value("https://other.example/v1").run()
    assert "needs a key" in said(at) and button(at, "Explain these texts").disabled
    at.text_input(key="explain-address").set_value(served.url).run()
    at.number_input(key="explain-budget_calls").set_value(0).run()
    button(at, "Explain these texts").click()
    settle(at)
    assert "budget" in said(at) and not served.requests and not view(at).explanation
    assert "» above opens it" in said(at)  # what it says is seen on a narrow screen only
    at.number_input(key="explain-budget_calls").set_value(7).run()
    button(at, "Explain these texts").click()
    settle(at)
    assert len(served.requests) == 7 and view(at).explanation
    assert "» above opens it" not in said(at)
    assert "of 30 could not be judged" in said(at) and "budget of 7 calls is used up" in said(at)


def test_signs_that_nobody_sees_are_shown_in_what_would_be_sent(served):
    import pandas as pd

    turned = "the \u202elaog\u202c of \U000e0041it, a w\u200bord"
    at = by_model(opened(pd.DataFrame({"text": [turned, *TEXTS], "n": range(31)})))
    button(at, "See what would be sent").click().run()
    shown = " ".join(c.value for c in at.code)
    assert "the \\u202elaog\\u202c of \\U000e0041it, a w\\u200bord" in shown
    assert not set(turned) & set(shown) - set(map(chr, range(127)))
    assert "Signs that cannot be seen stand as their codes" in said(at)


def test_what_a_model_left_out_can_be_asked_about_and_the_cost_is_said_before(served):
    import pandas as pd

    at = by_model(opened(pd.DataFrame({"text": TEXTS, "n": range(30)})))
    at.number_input(key="explain-sample").set_value(12).run()
    at.number_input(key="explain-budget_calls").set_value(5).run()
    button(at, "Explain these texts").click()
    settle(at)
    assert "beyond the sample, or without text" in said(at) + " ".join(cards(at))
    assert "To all texts: About" in said(at) and "may end before" in said(at)
    button(at, "Apply to all texts").click()
    settle(at)
    assert "of 30 could not be judged" in said(at)
    for _ in range(4):
        left = [b for b in at.button if b.label.startswith("Ask about the")]
        if not left:
            break
        left[0].click()
        settle(at)
    assert not left and "could not be judged" not in said(at)
    bodies = [str(body["messages"]) for body in served.requests]
    assert len(bodies) == len(set(bodies))


def test_a_cancelled_run_says_that_what_was_answered_is_kept(served):
    import pandas as pd

    served.mode = "slow"
    at = by_model(opened(pd.DataFrame({"text": TEXTS, "n": range(30)})))
    button(at, "Explain these texts").click().run()
    button(at, "Cancel").click()
    settle(at)
    kept = "language model has answered is kept and not asked again"
    assert any(kept in shown.value for shown in at.info) and not at.error  # no failure


def test_running_again_is_offered_where_it_can_help_only(served):
    import pandas as pd

    at = by_model(opened(pd.DataFrame({"text": TEXTS, "n": range(30)})))
    button(at, "Explain these texts").click()
    settle(at)
    at.session_state["explain-tab"] = "How sure"
    at.run()
    served.mode, served.retry_after = "429", "0.01"
    next(t for t in at.toggle if "on parts" in t.label).set_value(True).run()
    settle(at)
    assert button(at, "Run it again")  # it may answer by then
    served.mode = "401"
    button(at, "Run it again").click()
    settle(at)
    assert "refuses the key" in said(at) and "With another key" in said(at)
    assert not any(b.label == "Run it again" for b in at.button)
    next(t for t in at.text_input if t.label == "Key").set_value("another-key").run()
    served.mode = "good"
    button(at, "Run it again").click()
    settle(at)
    assert "Agreement of all groups" in said(at) and not at.exception


def test_a_typed_key_goes_to_its_address_alone_and_into_no_file(served, monkeypatch):
    import pandas as pd

    monkeypatch.delenv("OPENAI_API_KEY")
    frame = pd.DataFrame({"text": [f"{text} Typed." for text in TEXTS], "n": range(30)})
    served.oracle.truth = {text: i % 3 for i, text in enumerate(frame["text"])}
    at = by_model(opened(frame))

    def field():
        return next(t for t in at.text_input if t.label == "Key")

    field().set_value(KEY).run()
    at.text_input(key="explain-address").set_value("https://other.example/v1").run()
    assert field().value == "" and "needs a key" in said(at)  # typed for another address
    at.text_input(key="explain-address").set_value(served.url).run()
    field().set_value(KEY).run()
    button(at, "Explain these texts").click()
    settle(at)
    first = view(at).explanation
    assert not at.exception and first and len(cards(at)) >= 3
    at.button_group(key="explain-who").set_value(judging.WHO[0]).run()  # the field is gone
    asked = len(served.requests)
    at.text_input(key=next(t.key for t in at.text_input if t.label == "Description")).set_value(
        "mentions 'soup'"
    ).run()
    button(at, "Judge it anew").click()
    settle(at)
    assert view(at).explanation != first and len(served.requests) > asked
    sent = [{k.lower(): v for k, v in h.items()}["authorization"] for h in served.headers]
    assert set(sent) == {f"Bearer {KEY}"}
    files = [f for f in settings.home().rglob("*") if f.is_file()]
    assert len(files) > 5 and not [f.name for f in files if KEY.encode() in f.read_bytes()]
    assert KEY not in str(at.query_params) + repr(at.session_state["gestalt"]) + said(at)
