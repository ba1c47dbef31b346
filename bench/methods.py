"""The methods of the literature, each measured against plain ones of the same run.

    python -m bench.methods [NAME ...]

NAME is a module of ``bench/rows`` or a method id; without one all are measured. What needs the
evaluation data (``EVAL_DATA`` or ``../shared/data``) is left out, with a sentence, where it is not.
"""

import argparse
import importlib
import pkgutil
import sys

from bench import rows


def modules() -> dict[str, object]:
    """Name -> module of every measurement."""
    names = [i.name for i in pkgutil.iter_modules(rows.__path__) if not i.name.startswith("_")]
    return {name: importlib.import_module(f"bench.rows.{name}") for name in names}


def main(wanted: list[str]) -> None:
    """Print one line per measurement, each method under its paper's claim."""
    known = modules()
    names = {name: {name, *module.METHODS} for name, module in known.items()}
    for w in wanted:
        if not any(w in own for own in names.values()):
            sys.exit(f"There is no measurement {w}: choose from {', '.join(known)}.")
    print("| method | data | score | ours | baselines | verdict | s |")
    print("|---|---|---|---|---|---|---|")
    for name, module in known.items():
        if wanted and not names[name] & set(wanted):
            continue
        print(f"| **{name}**: {module.CLAIM} |||||||", flush=True)
        try:
            for m in module.measure():
                print(line(m), flush=True)
        except FileNotFoundError as error:
            print(f"| left out: {error} |||||||")


def line(m) -> str:
    """A measurement as one line of the table."""
    ours = number(m.ours) + (f" ({m.spread})" if m.spread else "")
    plain = ", ".join(f"{name} {number(value)}" for name, value in m.plain.items())
    seconds = "" if m.seconds is None else f"{m.seconds:.2g}"
    return f"| {m.what} | {m.data} | {m.score} | {ours} | {plain} | {m.verdict()} | {seconds} |"


def number(value: float) -> str:
    """Three digits, or whole numbers from 1,000 up."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    main(parser.parse_args().names)
