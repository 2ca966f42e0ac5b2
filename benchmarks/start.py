"""How long the portal takes to start: `manage.py check` against that of a project with Django's own apps only."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .processes import PYTHON, ROOT
from .results import ROUNDS, Result, ratios, told

REASON = (
    "more is imported: allauth's views and forms for signing in, django_tasks (whose import loads django_stubs_ext, and that the admin, sitemaps and feeds), "
    "and our own apps. `check` reads every address and with it every view, so that these cannot wait until they are used without patching other people's "
    "modules. The library that draws the codes (segno) could."
)


@dataclass
class Project:
    """A project and the seconds that its checks took."""

    folder: Path
    settings: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def check(self) -> None:
        variables = os.environ | {"DJANGO_SETTINGS_MODULE": self.settings, "PYTHONPATH": ""}
        begun = time.perf_counter()
        process = subprocess.Popen([PYTHON, "manage.py", "check"], cwd=self.folder, env=variables, stdout=subprocess.DEVNULL)
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0, f"the check of {self.settings} failed"
        self.wall.append(time.perf_counter() - begun)
        self.cpu.append(used.ru_utime + used.ru_stime)


def check() -> list[Result]:
    """`manage.py check`, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([PYTHON, "-m", "django", "startproject", "bare", folder], check=True, env=os.environ | {"DJANGO_SETTINGS_MODULE": ""})
        ours, bare = Project(ROOT, "liaison_portal.settings"), Project(Path(folder), "bare.settings")
        for project in (ours, bare):  # once for nothing: it writes byte code
            project.check()
            project.wall.clear()
            project.cpu.clear()
        for _turn in range(2 * ROUNDS):
            ours.check()
            bare.check()
    form = "{:.2f}"
    return [
        Result(
            "`manage.py check` ÷ contrib-only project",
            f"{told(ours.wall, form)} s",
            f"{told(bare.wall, form)} s",
            ratios(ours.wall, bare.wall),
            ("≤", 1.3),
            reason=REASON,
        ),
        Result("the same, CPU", f"{told(ours.cpu, form)} s", f"{told(bare.cpu, form)} s", ratios(ours.cpu, bare.cpu)),
    ]
