"""A database of benchmarks/large.py that is asked for pages: CPU time of this process and of its part of the database server, without network.

Run as a program it reads orders as lines of JSON, {"who": …, "address": …, "times": …}, and answers each with one line; `Portal` is the other end.
"""

import json
import os
import subprocess
import sys
from typing import Any

from .processes import PYTHON, ROOT

KEYS = {"SECRET_KEY": "benchmark", "AUDIT_KEY": "benchmark", "FIELD_KEY": "benchmark", "DJANGO_SETTINGS_MODULE": "liaison_portal.settings"}


class Portal:
    """A worker with its database."""

    def __init__(self, variables: dict[str, str]) -> None:
        command = [PYTHON, "-m", "benchmarks.asked"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | KEYS | variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, order: str, **data: Any) -> Any:
        """The answer to one order."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"order": order} | data) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the worker ended at {order} {data}"
        return json.loads(answer)

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)


# -- the worker -------------------------------------------------------------------------------------------------------------------------------------------


def work() -> None:
    import django  # noqa: PLC0415 - the process that measures has set Django up for a database of its own

    django.setup()
    from . import answers  # noqa: PLC0415

    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(getattr(answers, order.pop("order"))(**order)), flush=True)


if __name__ == "__main__":
    work()
