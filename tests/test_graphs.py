"""Graphs: what is read, what is said of it, where it goes, and how it is drawn."""

import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import analytics
from analytics import registry
from analytics.clustering.fit import subset
from analytics.errors import BadInput
from analytics.figures.map import map_figure
from analytics.figures.picture import map_png, map_svg
from analytics.graphs import links, matrix
from analytics.graphs.layout import forces
from analytics.graphs.operations import drawn, nearest_request
from analytics.graphs.spectrum import coordinates
from analytics.operations import execute
from analytics.pipeline import first_map
from analytics.report.record import run_record
from analytics.report.snippet import python_snippet
from analytics.results import Dataset
from analytics.store.artifacts import Artifacts
from analytics.store.rows import uploads_of

TRIANGLES = np.array([[0, 1], [1, 2], [0, 2], [3, 4], [4, 5], [3, 5], [2, 3]])


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "home"))
    return Artifacts(tmp_path / "home" / "results")


def said(record) -> str:
    return " ".join(record.notes)


def write(path, text):
    path.write_text(text)
    return path


def test_a_list_of_links_makes_its_nodes(tmp_path, store):
    table = analytics.read(write(tmp_path / "e.csv", "source,target\n10,9\n9,2\n2,10\n2,2\n"))
    assert list(table.frame["node"].astype(str)) == ["2", "9", "10"]
    assert table.edges.tolist() == [[0, 1], [0, 2], [1, 2]] and table.edge_weights is None
    assert "1 link of a node with itself left out" in said(table)
    assert "3 nodes and 3 links" in said(table)
    assert list(table.frame["links"]) == [2, 2, 2]


def test_two_plain_columns_are_a_table_until_said_otherwise(tmp_path, store):
    path = write(tmp_path / "e.csv", "a,b\nx,y\ny,z\n")
    assert analytics.read(path).edges is None
    measured = write(tmp_path / "m.csv", "u,v,w\n0.5,1,-1\n1,2,0.3\n2,0,4\n")
    assert analytics.read(measured).edges is None
    table = analytics.read(path, rows="links")
    assert list(table.frame["node"]) == ["x", "y", "z"]
    listed = write(tmp_path / "f.csv", "from,to\nx,y\ny,z\n")
    assert analytics.read(listed).edges is not None
    assert analytics.read(listed, rows="items").edges is None


def test_links_beside_a_table_by_the_column_that_knows_them(tmp_path, store):
    nodes = write(tmp_path / "n.csv", "code,size\nC,1\nA,5\nB,2\nD,9\n")
    edges = write(tmp_path / "e.csv", "a,b,w\nA,B,2\nB,A,3\nB,C,1\nA,zz,1\n")
    table = analytics.read(nodes, graph=edges)
    assert table.edges.tolist() == [[0, 2], [1, 2]]
    assert table.edge_weights.tolist() == [1.0, 3.0]
    for words in ("by the column 'code'", "1 link left out", "first is 'zz' in row 4",
                  "1 of 2 were given both ways and count once, with the larger weight",
                  "1 node has no link"):  # fmt: skip
        assert words in said(table), words
    assert table.recipe["features"] == ["size"], "the number of links is no feature"
    plane = write(tmp_path / "p.csv", "code,size,age\nC,1,3\nA,5,2\nB,2,8\n")
    assert analytics.read(plane).recipe["x"] == "size"
    assert not analytics.read(plane, graph=edges).recipe["x"], "a graph is first laid out by links"
    other = analytics.read(nodes, graph=write(tmp_path / "f.csv", "a,b\nA,B\n"))
    assert other.digest != table.digest
    assert uploads_of(table.params) == {
        table.params["content"], table.params["links"]["content"],
    }  # fmt: skip


def test_links_by_row_number_and_frames(store):
    frame = pd.DataFrame({"v": [1.5, 2.5, 2.5, 4.0]})
    table = analytics.read(frame, graph=pd.DataFrame({"p": [0, 3], "q": [1, 2]}))
    assert table.edges.tolist() == [[0, 1], [2, 3]]
    assert "by the numbers of the rows, from 0" in said(table)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\nx,y\np,q\n", "no column of the table holds once per row"),
        ("a,b\nA,A\n", "No link between two different nodes is left"),
        ("a,b,weight\nA,B,-2\n", "above 0 and below 1e30, but row 1 of 'weight' holds '-2'"),
        ("a\nA\n", "needs two columns"),
    ],
)
def test_what_cannot_be_links_is_one_sentence(tmp_path, store, text, words):
    nodes = write(tmp_path / "n.csv", "code,size\nC,1\nA,5\nB,2\n")
    with pytest.raises(BadInput, match=words):
        analytics.read(nodes, graph=write(tmp_path / "e.csv", text))


def test_a_zip_of_nodes_and_links(tmp_path, store):
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as file:
        file.writestr("people.csv", "id,age\n1,30\n2,40\n3,50\n")
        file.writestr("my_edges.csv", "source,target\n1,2\n2,3\n")
    table = analytics.read(tmp_path / "g.zip")
    assert table.edges.tolist() == [[0, 1], [1, 2]] and len(table.frame) == 3
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as file:
        file.writestr("a.csv", "x\n1\n")
        file.writestr("b.csv", "x\n1\n")
    with pytest.raises(BadInput, match="only one can be opened"):
        analytics.read(tmp_path / "two.zip")


def test_arrays_pairs_and_sparse_attributes(tmp_path, store):
    from scipy.sparse import csr_array

    A = csr_array(np.array([[0, 1.0, 0], [2, 0, 0], [0, 0, 3]]))
    parts = {"data": A.data, "indices": A.indices, "indptr": A.indptr, "shape": A.shape}
    np.savez(tmp_path / "g.npz", edges=[[0, 1], [1, 2]], y=[0, 1, 1], **parts)
    table = analytics.read(tmp_path / "g.npz")
    assert table.edges.tolist() == [[0, 1], [1, 2]]
    assert table.frame[["x0", "x1", "x2"]].to_numpy().tolist() == A.toarray().tolist()
    np.savez(tmp_path / "i.npz", edge_index=np.array([[0, 3], [1, 2]]))
    assert analytics.read(tmp_path / "i.npz").edges.tolist() == [[0, 1], [2, 3]]
    adj = {f"adj_{k}": v for k, v in parts.items()}
    np.savez(tmp_path / "s.npz", **adj, labels=[1, 2, 3])
    assert analytics.read(tmp_path / "s.npz").edges.tolist() == [[0, 1]]
    np.savez(tmp_path / "bad.npz", edges=[[0, 1]], **{**parts, "indices": [9, 9, 9]})
    with pytest.raises(BadInput, match="sparse matrix 'data' in the NPZ is damaged"):
        analytics.read(tmp_path / "bad.npz")
    np.savez(tmp_path / "far.npz", edges=[[0, 7]], X=np.eye(3))
    with pytest.raises(BadInput, match="names node 7, but the nodes are numbered from 0 to 2"):
        analytics.read(tmp_path / "far.npz")


pairs = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=40)


@given(pairs)
def test_links_are_sorted_distinct_and_lose_nothing(given_pairs):
    wanted = {tuple(sorted(p)) for p in given_pairs if p[0] != p[1]}
    if not wanted:
        with pytest.raises(BadInput):
            links.tidy(np.array(given_pairs), None, 9)
        return
    found = links.tidy(np.array(given_pairs), None, 9)
    assert [tuple(e) for e in found.edges] == sorted(wanted) and found.weights is None


def test_repeated_weights_add_up_and_directions_take_the_larger():
    found = links.tidy(np.array([[0, 1], [0, 1], [1, 0]]), np.array([1.0, 2.0, 2.5]), 2)
    assert found.edges.tolist() == [[0, 1]] and found.weights.tolist() == [3.0]
    assert "1 repeated link" in " ".join(found.notes)


def test_a_bare_graph_gets_coordinates_that_tell_its_parts(tmp_path, store):
    table = analytics.read(
        write(tmp_path / "e.csv", "source,target\n" + "\n".join(f"{a},{b}" for a, b in TRIANGLES))
    )
    assert "coordinates from the spectrum" in said(table)
    groups = analytics.cluster(table, "kmeans", n_clusters=2)
    assert len(set(groups.labels[:3])) == 1 and len(set(groups.labels[3:])) == 1
    assert groups.labels[0] != groups.labels[5]


def test_links_follow_the_rows_in_use(tmp_path, store):
    nodes = write(tmp_path / "n.csv", "id,v\n0,1\n1,\n2,3\n3,7\n")
    edges = write(tmp_path / "e.csv", "a,b,w\n0,1,1\n0,2,4\n2,3,5\n")
    dataset = analytics.prepare(analytics.read(nodes, graph=edges), missing="drop")
    assert dataset.rows.tolist() == [0, 2, 3]
    assert dataset.edges.tolist() == [[0, 1], [1, 2]] and dataset.edge_weights.tolist() == [4, 5]
    assert "2 of 3 links are between rows in use" in said(dataset)
    part = subset(dataset, np.array([2, 1]))
    assert part.edges.tolist() == [[0, 1]] and part.edge_weights.tolist() == [5]


def test_a_graph_of_any_table_is_said_to_be_one(store):
    dataset = analytics.prepare("sample:iris")
    notes: list[str] = []
    graph = matrix.graph_of(dataset.X.astype(float), {"n_neighbors": 3}, dataset, notes)
    assert "links each row with its 3 nearest ones" in notes[0]
    assert (graph != graph.T).nnz == 0 and graph.diagonal().sum() == 0
    with pytest.raises(BadInput, match="no links of its own"):
        matrix.graph_of(dataset.X.astype(float), {"links": "given"}, dataset, notes)
    found = execute(nearest_request(dataset), store)
    assert drawn(dataset, "", lambda r: store.load(r.digest)) is None
    assert drawn(dataset, "on", lambda r: store.load(r.digest)).tolist() == found.edges.tolist()


def test_layout_is_the_same_twice_and_keeps_links_short():
    graph = matrix.of_links(TRIANGLES, None, 8)  # and two nodes without a link
    one, two = forces(graph, 3), forces(graph, 3)
    assert one.tobytes() == two.tobytes() and np.isfinite(one).all()
    ends = np.linalg.norm(one[TRIANGLES[:, 0]] - one[TRIANGLES[:, 1]], axis=1)
    apart = np.linalg.norm(one[:, None] - one, axis=2)[np.triu_indices(8, 1)]
    assert ends.mean() < 0.7 * apart.mean()
    assert np.isfinite(forces(matrix.of_links(np.array([[0, 1]]), None, 2))).all()

    def stop(fraction, words):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        forces(graph, progress=stop)


def test_spectral_coordinates_agree_with_the_dense_matrix():
    rng = np.random.default_rng(0)
    edges = links.tidy(rng.integers(0, 500, (2500, 2)), None, 500).edges
    graph = matrix.of_links(edges, None, 500)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    scale = 1 / np.sqrt(degree + degree.mean())
    dense = (graph.toarray() + degree.mean() / 500) * scale[:, None] * scale
    values, vectors = np.linalg.eigh(dense)
    expected = vectors[:, ::-1][:, 1:4] * values[::-1][1:4] * np.sqrt(500)
    np.testing.assert_allclose(np.abs(coordinates(graph, 3)), np.abs(expected), atol=1e-3)


@pytest.mark.parametrize("method", ["forces", "laplacian"])
@pytest.mark.parametrize(
    "X", [np.eye(2), np.eye(3), np.arange(24.0).reshape(12, 2), np.ones((5, 2))]
)
def test_maps_of_graphs_bear_small_and_equal_data(method, X):
    row = registry.get("projection", method)
    for dataset in (
        Dataset(X=X.astype(np.float32)),
        Dataset(X=X.astype(np.float32), edges=np.array([[0, 1]], np.int32)),
    ):
        made = row.run(dataset, row.check({}), 0, lambda *_: None)
        assert made.xy.shape == (len(X), 2) and np.isfinite(made.xy).all()


def test_the_first_map_of_a_graph_draws_it(store):
    table = analytics.read("sample:club")
    assert first_map("0" * 32, table.recipe, None, table).method == "forces"
    big = table.with_(frame=pd.concat([table.frame] * 20))
    assert first_map("0" * 32, table.recipe, None, big).method == "laplacian"


def test_links_are_drawn_under_the_points_and_a_sample_is_announced():
    xy = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    view = map_figure(xy, links=np.array([[0, 1], [2, 3]]))
    line, dots = view.figure.data[:2]
    assert line.mode == "lines" and len(line.x) == 6 and np.isnan(line.x[2])
    assert (line.x[0], line.y[1]) == (xy[0, 0], xy[1, 1]) and dots.mode == "markers"
    many = np.column_stack([np.repeat(np.arange(150), 150), np.tile(np.arange(150, 300), 150)])
    assert "20,000 of 22,500 links are drawn" in " ".join(map_figure(xy, links=many).notes)
    assert "<path" in map_svg(xy, links=np.array([[0, 1]])).split("<circle")[0]
    assert map_png(xy, links=many) != map_png(xy)
    with pytest.raises(BadInput, match="do not belong"):
        map_figure(xy, links=np.array([[0, 900]]))


def test_record_and_script_carry_the_links(tmp_path, store):
    nodes = write(tmp_path / "n.csv", "code,size\nC,1\nA,5\nB,2\nD,9\n")
    edges = write(tmp_path / "e.csv", "a,b\nA,B\nB,C\nC,D\n")
    table = analytics.read(nodes, graph=edges)
    dataset = analytics.prepare(table)
    projection = analytics.project(dataset, "forces")
    state = {"table": table.digest, "dataset": dataset.digest, "projection": projection.digest}
    record = run_record(store, state)
    assert record["data"]["links"] == 3
    assert record["data"]["links_sha256"] == table.params["links"]["content"]
    assert "3 links" in record["steps"][0]["words"]
    script = python_snippet(store, state)
    assert "graph='e.csv'" in script
    import contextlib
    import os

    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(script, "run.py", "exec"), {})
    finally:
        os.chdir(here)
    assert "projection as recorded" in out.getvalue()


def test_the_command_line_takes_a_graph(tmp_path, store, capsys):
    from analytics.cli import main

    nodes = write(tmp_path / "n.csv", "code,size\nC,1\nA,5\nB,2\nD,9\n")
    edges = write(tmp_path / "e.csv", "a,b\nA,B\nB,C\nC,D\n")
    out = str(tmp_path / "xy.csv")
    code = main(["project", str(nodes), "--graph", str(edges), "--method", "forces",
                 "--out", out, "--json"])  # fmt: skip
    answer = json.loads(capsys.readouterr().out)
    assert code == 0 and answer["rows"] == 4 and len(pd.read_csv(out)) == 4
    assert main(["cluster", str(nodes), "--graph", str(tmp_path / "no.csv"), "--json"]) == 2
