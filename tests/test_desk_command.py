"""`./desk`: one command from a bare machine to the running program."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
KNOWS_ITS_PACKAGES = 'case "$*" in *purelib*) dirname "$0";; esac'
LOCKS = sorted(ROOT.glob("requirements*.txt"))


def _loaded(path: Path) -> ModuleType:
    loader = SourceFileLoader("desk_under_test", str(path))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    desk = module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(desk)
    finally:
        sys.dont_write_bytecode = before
    return desk


@pytest.fixture(scope="module")
def desk() -> ModuleType:
    return _loaded(ROOT / "desk")


class Machine:
    """A folder with a copy of `desk` and programs that only write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.log = folder / "calls.log"
        for path in (ROOT / "desk", *LOCKS):
            shutil.copy(path, folder)
        self.desk = _loaded(folder / "desk")
        self.program(folder / ".venv/bin/python", then=KNOWS_ITS_PACKAGES)

    def program(self, path: Path, *, then: str = "exit 0") -> None:
        """Put a program there that notes its name, its words and its Qt platform."""
        path.parent.mkdir(parents=True, exist_ok=True)
        note = f'echo "{path.name} $* platform=$QT_QPA_PLATFORM" >> {self.log}'
        path.write_text(f"#!/bin/sh\n{note}\n{then}\n")
        path.chmod(0o755)

    def is_set_up(self, *sets: str) -> None:
        """Leave the stamp of a finished set-up."""
        self.desk.STAMP.write_text(self.desk._stamp(tuple(sorted(sets))))

    def run(
        self, *words: str, where: Path = ROOT, **environ: str
    ) -> "subprocess.CompletedProcess[str]":
        kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        kept.pop("QT_QPA_PLATFORM", None)
        path = f"{self.bin}{os.pathsep}{kept['PATH']}"
        return subprocess.run(
            [sys.executable, str(self.folder / "desk"), *words],
            check=False,
            cwd=where,
            env={**kept, "PATH": path, **environ},
            capture_output=True,
            text=True,
        )

    def calls(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_help_explains_every_command(desk: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.main(["help"]) == 0
    text = capsys.readouterr().out
    for command in desk.COMMANDS:
        assert f"./desk {command} " in text


def test_an_unknown_command_is_refused(desk: ModuleType) -> None:
    assert desk.main(["fly"]) == 2


def test_without_a_display_it_says_so_and_plays_the_tour(machine: Machine) -> None:
    machine.is_set_up("run")
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert "no display" in done.stdout
    assert machine.calls() == "python -m branch_desk tour platform=offscreen\n"


def test_with_a_display_it_opens_the_window(machine: Machine) -> None:
    machine.is_set_up("run")
    assert machine.run(DISPLAY=":9").returncode == 0
    assert machine.calls() == "python -m branch_desk platform=\n"


def test_what_follows_run_goes_to_the_program_and_its_exit_code_comes_back(
    machine: Machine,
) -> None:
    machine.program(machine.folder / ".venv/bin/python", then="exit 7")
    machine.is_set_up("run")
    assert machine.run("run", "--check").returncode == 7
    assert machine.run("--check").returncode == 7
    assert machine.calls() == "python -m branch_desk --check platform=offscreen\n" * 2


def test_the_program_runs_where_it_was_called_so_that_file_names_mean_the_same(
    machine: Machine, tmp_path: Path
) -> None:
    machine.program(machine.folder / ".venv/bin/python", then=f'pwd > "{tmp_path}/where"')
    machine.is_set_up("run")
    (tmp_path / "elsewhere").mkdir()
    machine.run("run", "import", "members", "a.csv", where=tmp_path / "elsewhere")
    assert (tmp_path / "where").read_text().strip() == str(tmp_path / "elsewhere")


def test_a_change_of_the_pins_sets_up_again_by_hash(machine: Machine) -> None:
    machine.is_set_up("run")
    with (machine.folder / "requirements.txt").open("a") as lock:
        lock.write("# changed\n")
    machine.run("--check")
    calls = machine.calls()
    assert re.search(r"pip install .*--require-hashes .*requirements-uv\.txt", calls)
    assert re.search(r"uv pip sync .*--require-hashes .*/requirements\.txt", calls)


def test_running_does_not_take_away_what_testing_needs(machine: Machine) -> None:
    machine.is_set_up("dev")
    machine.run("--check")
    assert re.search(r"uv pip sync .*requirements-dev\.txt .*requirements\.txt", machine.calls())
    assert machine.desk._sets_of_stamp() == ["dev", "run"]


def test_when_uv_finds_no_index_pip_is_asked(machine: Machine) -> None:
    machine.program(
        machine.folder / ".venv/bin/python",
        then='case "$*" in *"uv pip sync"*) exit 2;; esac; ' + KNOWS_ITS_PACKAGES,
    )
    done = machine.run("--check")
    assert done.returncode == 0, done.stderr
    assert re.search(r"pip install .*--require-hashes .*-r \S+/requirements\.txt", machine.calls())
    assert (machine.folder / ".venv/bin/branch-desk").stat().st_mode & 0o111


def test_an_old_python_hands_over_to_a_newer_one(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.program(machine.bin / "python3.14", then="exit 3")  # a shim with nothing behind it
    machine.program(machine.bin / "python3.13")
    monkeypatch.setenv("PATH", str(machine.bin), prepend=os.pathsep)
    monkeypatch.setattr(machine.desk, "OLDEST_PYTHON", (99, 0))
    assert machine.desk.main(["test", "-x"]) == 0
    assert f"python3.13 {machine.folder / 'desk'} test -x " in machine.calls()


def test_without_any_newer_python_it_says_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(machine.bin))
    monkeypatch.setattr(machine.desk, "OLDEST_PYTHON", (99, 0))
    assert machine.desk.main(["test"]) == 4
    assert "install Python 99.0 or newer" in capsys.readouterr().err


def test_the_loader_is_asked_for_libraries_and_the_path_for_commands(desk: ModuleType) -> None:
    assert desk._is_there("libc.so.6")
    assert not desk._is_there("libnowhere.so.9")
    assert desk._is_there("sh")
    assert not desk._is_there("nowhere")


def test_root_gets_missing_packages_under_the_name_of_this_release(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.program(machine.bin / "apt-get")
    machine.program(machine.bin / "apt-cache", then='case "$2" in *t64) exit 0;; esac; exit 100')
    monkeypatch.setenv("PATH", str(machine.bin), prepend=os.pathsep)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine.desk.install({"libnowhere.so.9": ("libnowhere9", "libnowhere9t64")})
    assert "apt-get update" in machine.calls()
    assert re.search(r"apt-get install -y .*libnowhere9t64 ", machine.calls())


def test_a_user_is_told_the_line_to_type(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.program(machine.bin / "apt-get")
    machine.program(machine.bin / "apt-cache")
    monkeypatch.setenv("PATH", str(machine.bin), prepend=os.pathsep)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(machine.desk.Missing) as missing:
        machine.desk.install({"libnowhere.so.9": ("libnowhere9",)})
    assert str(missing.value).endswith(
        "sudo apt-get install -y --no-install-recommends libnowhere9"
    )
    assert "apt-get" not in machine.calls()


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_a_hash_and_no_lock_names_a_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9][^\n]*", text, flags=re.MULTILINE)
    assert pins
    for pin in pins:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[\w.]+( ; .+)? \\$", pin), pin
    assert len(re.findall(r"\\\n    --hash=sha256:[0-9a-f]{64}", text)) >= len(pins)
    assert "://" not in text


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-dev.txt": project["dependency-groups"]["dev"],
        "requirements-pack.txt": project["dependency-groups"]["pack"],
        "requirements-uv.txt": project["dependency-groups"]["setup"],
    }
    for name, requirements in wanted.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        for requirement in requirements:
            package = re.split(r"[^A-Za-z0-9-]", requirement)[0].lower()
            assert re.search(rf"^{package}(\[|==)", text, flags=re.MULTILINE), (name, package)


def test_all_locks_agree_on_versions() -> None:
    seen: dict[str, str] = {}
    for path in LOCKS:
        for name, version in re.findall(
            r"^([a-z0-9._-]+)==(\S+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        ):
            assert seen.setdefault(name, version) == version, name
