"""The options of the command line, verb by verb; ``docs/command-line.md`` names each."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from analytics import verbs
from analytics.accounts import command as accounts
from analytics.bigdata import command as big
from analytics.bigdata import sampling
from analytics.clustering.fit import NOISE_CHOICES
from analytics.clustering.space import DEFAULT_COMPONENTS, SPACES
from analytics.data import prepare, readers
from analytics.errors import BadInput
from analytics.explanation import asking
from analytics.language import asking as language
from analytics.language import masking
from analytics.report import pictures
from analytics.store import command as storing
from analytics.study import command

PROGRAM = "python -m analytics"


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line."""

    def __init__(self, **options: Any):
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message[:1].upper()}{message[1:]}: see '{self.prog} --help'.")


def parser() -> Parser:
    """All verbs with their options; what is parsed names its verb's function as ``run``."""
    whole = Parser(prog=PROGRAM, description="Gestalt on the command line.")
    groups = whole.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)

    def verb(name: str, run: Callable, help_: str, *, out: str = "") -> Parser:
        sub = groups.add_parser(name, help=help_, description=help_)
        sub.set_defaults(run=run)
        if out:
            sub.add_argument("--out", default=out, metavar="PATH", help=f"default {out}")
        sub.add_argument("--json", action="store_true", help="one JSON object on standard output")
        return sub

    verb("methods", verbs.methods, "List the methods with their parameters.")
    verb("samples", verbs.samples, "List the built-in data sets.")
    _add_profile(verb("profile", verbs.profile, "Say what is in a file and what is wrong with it."))
    _add_project(verb("project", verbs.project, "Make a map of a file.", out="xy.csv"))
    _add_cluster(verb("cluster", verbs.cluster, "Group the rows of a file.", out="labels.csv"))
    _add_clams(verb("clams", verbs.clams, "Score how ambiguous the groups in a scatterplot are."))
    _add_columns(
        verb("perceive", verbs.perceive, "Predict the groups people would see.", out="labels.csv"),
        needed=True,
    )
    _add_advise(
        verb("advise", verbs.advise, "Find a clear and faithful map of a file.", out="xy.csv")
    )
    words = "Try statistics of signals with several methods, one signal per row."
    _add_grid(verb("grid", verbs.grid, words, out="grid.csv"))
    large = "Draw a seeded sample of the rows of a file of any size."
    _add_sample(verb("sample", big.sample, large, out="sample.parquet"))
    large = "Count the rows of a file of any size by the values of columns."
    _add_count(verb("count", big.count, large, out="counts.csv"))
    large = "Give the groups of a sample to every row of a file of any size."
    _add_apply(verb("apply", big.apply, large, out="all-labels.parquet"))
    _add_explain(
        verb("explain", verbs.explain, "Group texts by descriptions.", out="explained.csv")
    )
    compare = verb("compare", verbs.compare, "Agreement of groupings of the same rows.")
    compare.add_argument(
        "files", metavar="FILE", nargs="+", help="files with a column of labels, or one with many"
    )
    compare.add_argument(
        "--columns", default="", metavar="A,B", help="the label columns, one of each file"
    )
    compare.add_argument(
        "--out", default="", metavar="PATH", help="of three or more: write their consensus here"
    )
    words = "Write a result as one HTML page, or by the ending of --out as a slide or a bundle."
    _add_report(verb("report", verbs.report, words, out="report.html"))
    kept = "Write everything the server keeps to one file, while it runs."
    verb("backup", storing.backup, kept, out="gestalt-backup.zip")
    _add_restore(verb("restore", storing.restore, "Put a backup back, whole or not at all."))
    _add_study(verb("study", command.run, "What people grouped in studies.", out="study.zip"))
    _add_people(verb("people", accounts.run, "Who has signed in, and what becomes of their work."))
    return whole


def _add_report(sub: Parser) -> None:
    sub.add_argument(
        "result", metavar="RUN", help="the digest that project or cluster printed, or a saved view"
    )
    sub.add_argument("--title", default="")
    sub.add_argument(
        "--linked", action="store_true", help="a map and a table that select each other"
    )
    sub.add_argument(
        "--columns", default="", metavar="A,B", help="whose cells go along (default: the first 5)"
    )
    sub.add_argument(
        "--size", default="16:9", choices=tuple(pictures.SIZES), help="of a slide, .png or .svg"
    )


def _add_restore(sub: Parser) -> None:
    sub.add_argument("file", metavar="FILE", help="what backup wrote")
    sub.add_argument(
        "--replace", action="store_true", help="take the place of the projects that are there"
    )


def _add_study(sub: Parser) -> None:
    sub.add_argument("action", choices=command.ACTIONS)
    sub.add_argument("what", nargs="?", default="", metavar="STUDY", help="an id, or a file")
    sub.add_argument("--title", default="", help="of what is taken in")


def _add_people(sub: Parser) -> None:
    sub.add_argument("action", choices=accounts.ACTIONS)
    sub.add_argument(
        "who", nargs="?", default="", metavar="WHO", help="an id, an e-mail address or a user name"
    )
    sub.add_argument("--to", default="", metavar="WHO", help="forget: who gets what they own")
    sub.add_argument("--yes", action="store_true", help="forget: do it, for good; else only count")


def _add_file(sub: Parser, needed: bool = True) -> None:
    count = {} if needed else {"nargs": "?", "default": ""}
    sub.add_argument("file", metavar="FILE", help="a data file, or sample:NAME", **count)
    sub.add_argument(
        "--read",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how to read the file: " + ", ".join(readers.OPTIONS),
    )


def _add_profile(sub: Parser) -> None:
    _add_file(sub)
    _add_stream(sub)


def _add_stream(sub: Parser) -> None:
    sub.add_argument(
        "--stream",
        action="store_true",
        help="read piece by piece, as files over 256 MB are anyway",
    )


def _add_sample(sub: Parser) -> None:
    _add_file(sub)
    sub.add_argument("--rows", type=int, default=sampling.DEFAULT_ROWS, metavar="N")
    sub.add_argument(
        "--by", default="", metavar="COLUMN", help="keep the proportions of this column's values"
    )
    _add_seed(sub)


def _add_count(sub: Parser) -> None:
    _add_file(sub)
    sub.add_argument("--by", default="", metavar="A,B", help="the columns whose values are counted")
    sub.add_argument(
        "--of", default="", metavar="C,D", help="numbers whose mean and range are given"
    )


def _add_apply(sub: Parser) -> None:
    _add_file(sub)
    sub.add_argument(
        "--run", dest="run_digest", required=True, metavar="RUN", help="the digest cluster printed"
    )
    sub.add_argument(
        "--rules", action="store_true", help="by the rules in words that tell the groups"
    )
    sub.add_argument(
        "--fit", action="store_true", help="fit k-means or a Gaussian mixture to all rows first"
    )
    sub.add_argument(
        "--minibatch", action="store_true", help="move the centres of k-means over all rows once"
    )


def _add_method(sub: Parser, default: str) -> None:
    """The file, the method, and the choices of the preparation."""
    sub.add_argument("--method", default=default, help=f"see 'methods' (default {default})")
    sub.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a method parameter"
    )
    _add_prepared(sub)


def _add_prepared(sub: Parser) -> None:
    """The file and the choices of its preparation."""
    _add_file(sub)
    sub.add_argument(
        "--graph", default="", metavar="EDGES", help="a file that lists links between the rows"
    )
    _add_seed(sub)
    sub.add_argument("--features", default="", metavar="A,B", help="columns to use")
    sub.add_argument("--labels", "--label", default="", metavar="COLUMN", help="the label column")
    sub.add_argument("--domain", default="", metavar="COLUMN", help="the column of domains")
    sub.add_argument(
        "--type", action="append", default=[], metavar="COLUMN=TYPE", help="correct a column's type"
    )
    sub.add_argument(
        "--coordinates", default="", metavar="X,Y", help="ready coordinates, or none for none"
    )
    for p in prepare.PARAMS:
        values = "{" + ",".join(p.choices) + "}" if p.choices else "N"
        help_ = p.help.replace("%", "%%") + " Default: what suits the file."
        sub.add_argument(f"--{p.name}", metavar=values, help=help_)


def _add_project(sub: Parser) -> None:
    _add_method(sub, "pca")
    sub.add_argument("--columns", default="", metavar="A,B", help="for --method columns")


def _add_cluster(sub: Parser) -> None:
    _add_method(sub, "kmeans")
    sub.add_argument("--space", default="full", choices=SPACES, help="where distances are measured")
    sub.add_argument(
        "--components", type=int, help=f"dimensions of the PCA space (default {DEFAULT_COMPONENTS})"
    )
    sub.add_argument(
        "--map", default="pca", help="the map for --space map and --picture (default pca)"
    )
    sub.add_argument(
        "--picture", default="", metavar="PATH", help="also draw the groups on the map, as .png"
    )
    sub.add_argument(
        "--why", default="", metavar="PATH", help="write how to tell the groups, as .csv or .json"
    )
    sub.add_argument("--noise", default="keep", choices=NOISE_CHOICES, help="nearest: reassign it")
    sub.add_argument(
        "--examples",
        default="",
        metavar="CSV",
        help="rows known to belong to groups, instead of a label column: columns row, group",
    )
    sub.add_argument(
        "--with-labels", action="store_true", help="the label column counts beside the examples"
    )
    _add_model(sub, f"{language.METHOD}: with --why, a sentence on each group, checked on its rows")


def _add_advise(sub: Parser) -> None:
    _add_prepared(sub)
    sub.add_argument("--seconds", type=int, default=120, metavar="N", help="time budget")
    sub.add_argument("--search", default="sweep", choices=("sweep", "bayes"))
    sub.add_argument("--methods", default="", metavar="A,B", help="maps to try")


def _add_grid(sub: Parser) -> None:
    _add_prepared(sub)
    sub.add_argument(
        "--groups", type=int, metavar="K", help="default: as many as there are labels, or 3"
    )


def _add_explain(sub: Parser) -> None:
    _add_file(sub)
    _add_seed(sub)
    sub.add_argument("--text", default="", metavar="COLUMN", help="default: first text column")
    sub.add_argument("--goal", default="", help='by what to group, for example "by topic"')
    sub.add_argument(
        "--keywords",
        action="append",
        default=[],
        metavar="A,B",
        help="instead of a goal: words of one topic, repeat for more topics",
    )
    sub.add_argument(
        "--example",
        action="append",
        default=[],
        metavar="WORDS",
        help="a description, for its form",
    )
    for p in asking.PARAMS:
        sub.add_argument(f"--{p.name}", metavar="N", help=f"{p.help} Default {p.default}.")
    sub.add_argument(
        "--apply", action="store_true", help="with --sample: put the other texts to its groups"
    )
    _add_model(sub, "who judges")


def _add_model(sub: Parser, does: str) -> None:
    """The language model. does : what it is asked to do."""
    sub.add_argument(
        "--provider", default="offline", choices=("offline", language.METHOD), help=does
    )
    model = sub.add_argument_group("language model", "the key is read from OPENAI_API_KEY")
    model.add_argument("--base-url", default="", metavar="URL", help="default: OPENAI_BASE_URL")
    model.add_argument("--model", default="", metavar="NAME", help="default: GESTALT_LLM_MODEL")
    model.add_argument("--mask", default="", metavar="A,B", help="of " + ", ".join(masking.KINDS))
    for p in language.PARAMS:
        name = "--budget" if p.name == "budget_calls" else f"--{p.name.replace('_', '-')}"
        choices = f" ({', '.join(p.choices)})" if p.choices else ""
        words = f"{p.label}{choices}. Default {p.default}."
        model.add_argument(name, dest=p.name, metavar="N", help=words)


def _add_clams(sub: Parser) -> None:
    _add_columns(sub, needed=False)
    _add_stream(sub)
    sub.add_argument(
        "--rank", default="", metavar="FOLDER", help="score every file of a folder or zip instead"
    )


def _add_columns(sub: Parser, needed: bool) -> None:
    """The file and the two columns that are looked at."""
    _add_file(sub, needed=needed)
    sub.add_argument("--x", default="", metavar="COLUMN", help="default: first numeric column")
    sub.add_argument("--y", default="", metavar="COLUMN", help="default: second numeric column")
    sub.add_argument("--aspect", type=float, default=1.0, help="drawn unit of y over unit of x")
    _add_seed(sub)


def _add_seed(sub: Parser) -> None:
    sub.add_argument("--seed", type=int, default=0, metavar="N", help="default 0")
