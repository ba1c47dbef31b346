"""A language model as a choice of the operation, of a change, and of the command line."""

import json

import numpy as np
import pytest

import analytics
from analytics import cli
from analytics.errors import BadInput
from analytics.explanation import again, asking, export, reruns, rest
from analytics.explanation.provider import Task
from analytics.language import asking as language
from analytics.language import connection
from analytics.operations import execute, from_json
from tests.llm_server import KEY, MODEL, Oracle, fenced, serving

NAMES = ["is about sport", "is about money", "is about cooking"]
NOUNS = ("goal", "bank", "soup")
TEXTS = [f"Text {i} speaks of the {NOUNS[i % 3]}." for i in range(45)]


@pytest.fixture
def served(home, monkeypatch):
    """A server whose address and key are those of the environment, and a file of texts."""
    monkeypatch.setattr(connection, "_trusted", set())
    path = home.parent / "texts.csv"
    path.write_text("text\n" + "\n".join(TEXTS) + "\n")
    truth = {text: i % 3 for i, text in enumerate(TEXTS)}
    other = ("mentions 'text 1'", "mentions 'soup'")
    with serving(Oracle(truth, NAMES, other)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("GESTALT_LLM_MODEL", MODEL)
        yield server, str(path)


def groups(found) -> dict[str, set[int]]:
    """Row numbers modulo 3 of each description."""
    said = [e["description"] for e in found.evidence]
    return {d: {i % 3 for i, g in enumerate(found.labels) if g == j} for j, d in enumerate(said)}


@pytest.mark.parametrize("check", list(language.CHECKS))
def test_a_model_explains_and_a_second_run_asks_nothing(served, check):
    server, path = served
    more = {"provider": "openai", "model": {"check": check}}
    found = analytics.explain(path, "text", "by what it is about", k=3, **more)
    assert sorted(map(len, groups(found).values())) == [1, 1, 1]
    assert set(groups(found)) - {"mentions 'soup'"} <= set(NAMES)
    assert found.method == "openai" and found.params["language"]["model"] == MODEL
    usage = found.about["usage"]
    assert usage["calls"] == len(server.requests) and usage["tokens_read"] > 0
    assert f"Judged by {MODEL}" in found.notes[0]
    assert ("estimated" in " ".join(found.notes)) == (check != language.NONE)
    asked = len(server.requests)
    more["model"]["budget_calls"] = 10**6  # another request, the same questions
    again = analytics.explain(path, "text", "by what it is about", k=3, **more)
    assert again.digest != found.digest and groups(again) == groups(found)
    assert len(server.requests) == asked and again.about["usage"]["calls"] == 0


def test_the_key_is_in_no_request_record_or_file(served, home):
    server, path = served
    store = analytics.api.default_store()
    table = analytics.read(path, store=store)
    model = language.params()
    wanted = asking.explanation_request(table, "text", "by subject", model=model)
    assert KEY not in json.dumps(wanted.to_json())
    found = execute(from_json(json.loads(json.dumps(wanted.to_json()))), store)
    assert KEY not in json.dumps(export.answer(found, table)) + repr(found)
    page = export.html(found, table, "texts", ["#000"] * len(found.evidence))
    assert KEY not in page and "Judged by a language model." in page and MODEL in page
    assert server.headers and all(KEY in h["authorization"] for h in map(_lower, server.headers))
    for file in home.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()


def _lower(headers: dict) -> dict:
    return {name.lower(): value for name, value in headers.items()}


def test_a_change_asks_the_same_model_about_the_new_words_only(served):
    server, path = served
    store = analytics.api.default_store()
    found = analytics.explain(path, "text", "by subject", k=3, provider="openai")
    source = store.require(found.parents[0])
    asked = len(server.requests)
    change = {"do": "add", "words": "mentions 'bank'"}
    changed = execute(asking.edit_request(found, source, [change]), store)
    judged = changed.scores[:, list(changed.descriptions).index("mentions 'bank'")]
    assert judged.tolist() == [float(i % 3 == 1) for i in range(45)]
    new = server.requests[asked:]
    assert len(new) == 12 and changed.about["usage"]["calls"] == 12  # 45 texts by 4
    assert changed.method == "openai" and not any(NAMES[0] in str(b) for b in new)
    column = int(found.chosen[0])
    execute(
        asking.edit_request(found, source, [{"do": "rename", "column": column, "words": "x"}]),
        store,
    )
    assert len(server.requests) == asked + 12
    with pytest.raises(BadInput, match="No two parts"):  # all that is proposed is known
        execute(asking.edit_request(found, source, [{"do": "split", "column": column}]), store)


def test_a_group_has_parts(served):
    judge = language.judge_of(language.params(), 0, None)
    task = Task(tuple(TEXTS), "by subject")
    rows = np.array([i for i in range(45) if i % 3 < 2])
    assert set(judge.parts(rows, task, 0)) == set(NAMES[:2])


def test_budgets_are_kept_and_nothing_leaves_for_nothing(served):
    server, path = served
    more = {"provider": "openai", "model": {"budget_calls": 0}}
    with pytest.raises(BadInput, match="budget"):
        analytics.explain(path, "text", "by subject", **more)
    assert not server.requests
    more["model"]["budget_calls"] = 9
    found = analytics.explain(path, "text", "by subject", k=3, **more)
    assert len(server.requests) == 9 and "budget" in " ".join(found.notes)
    assert (found.labels < 0).any()  # unknown is unexplained, never the first group


def test_a_run_that_cannot_start_says_why(served):
    server, path = served
    for given, words in (
        ({"base_url": "ftp://x"}, "http"),
        ({"mask": ["feelings"]}, "no mask"),
        ({"budget_money": 1.0, "base_url": "https://example.org/v1"}, "price"),
        ({"price_read": 1.0}, "both prices"),
        ({"together": 99}, "together"),
    ):
        with pytest.raises(BadInput, match=words):
            analytics.explain(path, "text", "by subject", provider="openai", model=given)
    with pytest.raises(BadInput, match="Choose offline or openai"):
        analytics.explain(path, "text", "by subject", provider="oracle")
    server.mode = "401"
    with pytest.raises(BadInput, match="refuses the key"):
        analytics.explain(path, "text", "by subject", provider="openai")
    assert len(server.requests) == 1


def test_the_command_line_asks_the_address_it_is_given(served, capsys, tmp_path, monkeypatch):
    server, path = served
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("GESTALT_LLM_MODEL")
    out = tmp_path / "out.csv"
    words = ["explain", path, "--text", "text", "--goal", "by subject", "--k", "3"]
    words += ["--provider", "openai", "--base-url", server.url, "--model", MODEL]
    words += ["--budget", "500", "--mask", "email,name", "--out", str(out), "--json"]
    assert cli.main(words) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["provider"] == "openai" and answer["usage"]["calls"] == len(server.requests)
    assert answer["params"]["language"]["mask"] == ["email", "name"]
    assert {e["description"] for e in answer["clusters"]} & set(NAMES)
    assert KEY not in said.out + said.err + out.read_text()
    assert all(KEY in h["authorization"] for h in map(_lower, server.headers))
    assert cli.main([*words, "--budget", "0", "--goal", "by something else"]) != 0
    assert cli.main([*words[:7], "--model", MODEL]) != 0  # a model without its provider


def test_a_model_applies_a_sample_to_the_rest(served):
    server, path = served
    more = {"provider": "openai", "k": 3, "sample": 24}
    first = analytics.explain(path, "text", "by what it is about", **more)
    asked = len(server.requests)
    found = analytics.explain(path, "text", "by what it is about", apply=True, **more)
    assert (first.labels < 0).sum() == 21 and not (found.labels < 0).any()
    assert sorted(map(len, groups(found).values())) == [1, 1, 1]
    kept = first.labels >= 0
    called = [
        np.array([e["description"] for e in f.evidence])[f.labels[kept]] for f in (first, found)
    ]
    assert (called[0] == called[1]).all()
    new = server.requests[asked:]
    sample = {TEXTS[i] for i in np.flatnonzero(kept)}
    assert new and not any(
        text in fenced(b["messages"][1]["content"])["Texts"] for b in new for text in sample
    )
    assert found.notes[0].startswith("Applied to 21 further texts. Of 21 of them asked again")
    assert "0.0\u00a0% would go elsewhere" in found.notes[0]
    assert found.method == "openai" and found.about["usage"]["calls"] == len(new)
    # A change goes on asking the model, about all texts.
    source = analytics.api.default_store().require(found.parents[1])
    change = {"do": "add", "words": "mentions 'bank'"}
    changed = execute(asking.edit_request(found, source, [change]), analytics.api.default_store())
    assert changed.scores.shape[0] == 45 and "mentions 'bank'" in changed.descriptions


def test_what_a_budget_left_out_is_asked_about_again_and_nothing_twice(served):
    server, path = served
    store = analytics.api.default_store()
    more = {"provider": "openai", "k": 3, "sample": 12, "model": {"budget_calls": 9}}
    first = analytics.explain(path, "text", "by what it is about", **more)
    source = store.require(first.parents[0])
    calls, read, _, money = rest.estimate(first, source)
    found, budgets = first, []
    for _ in range(6):
        asked = len(server.requests)
        wanted = rest.rest_request(first, source) if found is first else again.again_request(found)
        found = execute(wanted, store)
        budgets.append(len(server.requests) - asked)
        if budgets[-1] < 9:
            break
    assert not (found.labels < 0).any() and len(budgets) > 2 and max(budgets) == 9
    said = [json.dumps(body["messages"]) for body in server.requests]
    assert len(said) == len(set(said))  # nothing was paid for twice
    assert found.params["again"] == len(budgets) - 1 and found.params["sample"] is None
    assert calls[0] <= sum(budgets) <= calls[1] and money == (0.0, 0.0) and read[0] > 0
    # A whole run, and one with changes, goes on in the same way.
    some = {**more, "sample": None, "model": {"budget_calls": 13}}
    whole = analytics.explain(path, "text", "by another goal", **some)
    assert (whole.labels < 0).any()
    assert not (execute(again.again_request(whole), store).labels < 0).any()
    changed = execute(asking.edit_request(whole, source, [{"do": "pin", "column": 0}]), store)
    same = execute(again.again_request(changed), store)
    assert same.digest != changed.digest and list(same.pinned) == [0] and same.params["again"] == 1


def test_a_model_explains_parts_again(served):
    server, path = served
    found = analytics.explain(path, "text", "by what it is about", k=3, provider="openai")
    asked = len(server.requests)
    store = analytics.api.default_store()
    source = store.require(found.parents[0])
    card = execute(reruns.stability_request(found, source), store)
    assert card.values["ari"].value == pytest.approx(1.0)
    assert card.groups["steady"] == pytest.approx(np.ones(3), abs=0.01)
    assert card.about["usage"]["calls"] == len(server.requests) - asked > 0
