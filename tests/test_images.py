"""The image and the compose file, read as an engine would: none is at hand where tests run."""

import re
from glob import glob
from pathlib import Path

import pytest
import yaml

from analytics import settings

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = [name for name, service in SERVICES.items() if "build" in service]
NAMES = {s.name for s in settings.SETTINGS}


def test_the_image_does_not_run_as_root_and_says_whether_it_works():
    lines = [x for x in DOCKERFILE.splitlines() if x and not x.startswith(("#", " "))]
    assert re.fullmatch(r"FROM python:3\.\d+-slim", lines[0])
    order = [x.split()[0] for x in lines]
    assert order.index("USER") < order.index("CMD") and "USER gestalt" in lines
    assert "HEALTHCHECK" in order and "/healthz" in DOCKERFILE
    assert "--no-cache-dir" in DOCKERFILE and "ADD" not in order
    for name in re.findall(r"GESTALT_[A-Z_]+", DOCKERFILE):
        assert name in NAMES


def test_extras_are_files_that_exist():
    wanted = SERVICES["app"]["build"]["args"]["EXTRAS"].split()
    assert wanted == ["postgres", "cluster", "login"]
    assert all((ROOT / f"requirements-{name}.txt").exists() for name in wanted)
    assert "requirements-$extra.txt" in DOCKERFILE
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not any(name.startswith("requirements") for name in ignored) and ".git" in ignored


def test_what_is_copied_exists_and_nothing_secret_goes_along():
    sources = re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE)
    assert sources and all(glob(str(ROOT / source)) for source in sources)
    assert all((ROOT / name).exists() for name in re.findall(r"-r ([\w.-]+\.txt)", DOCKERFILE))
    ignored = (ROOT / ".dockerignore").read_text().split()
    # The database's password stands in .env beside compose.yaml, the login's in secrets.toml.
    assert {"**/.env*", "**/secrets.toml", "*.sqlite*", "*.zip"} <= set(ignored)


def test_what_is_started_is_in_the_image():
    assert 'CMD ["python", "app.py"]' in DOCKERFILE and (ROOT / "app.py").exists()
    cluster = (ROOT / "requirements-cluster.txt").read_text()
    for name in ("scheduler", "worker"):
        assert SERVICES[name]["command"][0] == "dask"
    assert re.search(r"^distributed==", cluster, re.MULTILINE)
    assert all(SERVICES[name]["init"] for name in OURS)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_restarted_bounded_and_looked_after(name):
    service = SERVICES[name]
    tag = service["image"].partition(":")[2]
    assert tag and tag != "latest"
    assert service["restart"] == "unless-stopped" and service["mem_limit"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged") and service.get("network_mode") is None
    assert "healthcheck" in service or name == "app"  # the image has its own
    for network in service["networks"]:
        assert network in COMPOSE["networks"]
    for volume in service["volumes"]:
        assert volume.split(":")[0] in COMPOSE["volumes"]
    for other in service.get("depends_on", {}):
        assert "healthcheck" in SERVICES[other]


def test_only_the_page_is_published_and_to_this_machine():
    ports = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert ports == {"app": ["127.0.0.1:8501:8501"]}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(s["networks"] == ["inside"] for n, s in SERVICES.items() if n != "app")


def test_no_password_is_written_down():
    for service in SERVICES.values():
        for key, value in service["environment"].items():
            if re.search("PASSWORD|URL|KEY|SECRET", key):
                assert "${GESTALT_DB_PASSWORD:?" in value


def test_our_services_share_one_image_folder_and_settings_that_exist():
    for name in OURS:
        service = SERVICES[name]
        assert (
            service["read_only"] and service["cap_drop"] == ["ALL"] and "/tmp" in service["tmpfs"]
        )
        assert service["volumes"] == SERVICES["app"]["volumes"]
        env = service["environment"]
        assert env["GESTALT_HOME"] in [v.split(":")[1] for v in service["volumes"]]
        assert {k for k in env if k.startswith("GESTALT_")} <= NAMES
        assert env["GESTALT_ENGINE"] == "dask://scheduler:8786"
    assert SERVICES["scheduler"]["command"][:2] == ["dask", "scheduler"]
    assert "8786" in SERVICES["scheduler"]["command"]


def test_the_settings_of_ones_own_in_the_docs_fit_the_compose_file():
    told = (ROOT / "docs" / "operations.md").read_text()
    own = yaml.safe_load(re.search(r"```yaml\n(services:.*?)```", told, re.DOTALL)[1])
    assert set(own["services"]) <= set(SERVICES)
    for service in own["services"].values():
        assert set(service.get("environment", ())) <= NAMES
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"])
