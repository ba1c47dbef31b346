"""``make bench``: every benchmark in its quick form, one after the other."""

import subprocess
import sys
from pathlib import Path

QUICK = {
    "pipeline": ["--rows", "1000,10000,100000,1000000"],
    "projection": ["--quick"],
    "clustering": ["--quick"],
    "methods": ["medoids", "slk"],
    "costs": ["kmeans", "affinity", "vidi"],
    "draw": [],
    "large": ["--points", "200000", "--plotly", "200000"],
    "bigdata": ["--gigabytes", "0.1"],
    "jobs": [],
    "users": ["--users", "8", "--seconds", "60", "--think", "4"],
    "clams": ["--quick"],
    "advisor": ["--seconds", "30", "digits"],
    "clusternet": [],
    "explanation": [],
    "reasons": [],
    "language": ["syngoalex/language"],
}

for name, options in QUICK.items():
    if (Path(__file__).parent / f"{name}.py").exists():
        print(f"\n== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{name}", *options], check=False)
