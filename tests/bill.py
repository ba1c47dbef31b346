"""What Gestalt installs, as a CycloneDX bill of materials: ``python -m tests.bill [FILE]``.

Names, versions and hashes come from ``requirements.lock``, licences from the installed packages.
The exit status is 1 when a licence is none that is shipped here, and each such package is named.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_LINE = re.compile(r"^([A-Za-z0-9._\-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# GNU and those that keep others from using what they get. "OR" leaves a choice, see allowed().
_BARRED = re.compile(
    r"\b[AL]?GPL|GNU (?:\w+ )?General Public|Affero|SSPL|BUSL|Business Source|"
    r"CC[- ]BY[- ](?:NC|ND)|Non-?Commercial|Commons Clause|Proprietary",
    re.IGNORECASE,
)


def locked() -> dict[str, tuple[str, list[str]]]:
    """Name -> (version, SHA-256 of each of its files), as pinned in ``requirements.lock``."""
    found: dict[str, tuple[str, list[str]]] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if start := _LINE.match(line):
            name = normal(start[1])
            found[name] = (start[2], [])
        elif digest := _HASH.search(line):
            found[name][1].append(digest[1])
    return found


def pinned(file: str) -> dict[str, str]:
    """Name -> version, of the lines of a requirements file."""
    lines = (ROOT / file).read_text().splitlines()
    return {normal(m[1]): m[2] for m in map(_LINE.match, lines) if m}


def normal(name: str) -> str:
    """The name of a package in one form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(name: str) -> str:
    """What an installed package says of its licence; "" where it is not installed."""
    try:
        held = metadata.distribution(name).metadata
    except metadata.PackageNotFoundError:
        return ""
    classes = [c.split(" :: ")[-1] for c in held.get_all("Classifier") or () if "License ::" in c]
    classes = [c for c in classes if c != "OSI Approved"]
    return held.get("License-Expression") or "; ".join(classes) or held.get("License", "")[:200]


def allowed(words: str) -> bool:
    """Whether a licence may be shipped: one is named, and some choice of it bars nothing."""
    choices = re.split(r"\bOR\b", words)
    return bool(words.strip()) and any(not _BARRED.search(choice) for choice in choices)


def bill() -> dict:
    """The CycloneDX document."""
    parts = dict(locked())
    for file in ("requirements.txt", "requirements-models.txt"):
        parts |= {n: (v, []) for n, v in pinned(file).items() if n not in parts}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "gestalt"}},
        "components": [
            {
                "type": "library",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "licenses": [{"license": {"name": licence(name)}}] if licence(name) else [],
                "properties": [{"name": "file:sha256", "value": h} for h in hashes],
            }
            for name, (version, hashes) in sorted(parts.items())
        ],
    }


def main() -> int:
    made = bill()
    text = json.dumps(made, indent=2)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text + "\n")
    else:
        print(text)
    barred = [c["name"] for c in made["components"] if c["licenses"]
              and not allowed(c["licenses"][0]["license"]["name"])]  # fmt: skip
    for name in barred:
        print(f"{name}: {licence(name)!r} is no licence that is shipped here", file=sys.stderr)
    return int(bool(barred))


if __name__ == "__main__":
    sys.exit(main())
