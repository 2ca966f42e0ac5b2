"""A database with many cases, for benchmarks: `python -m benchmarks.large 1000000` fills the empty database that the environment names.

DB and VAR_DIR are those of `.env.example`; both engines take the same statements. A million cases take some minutes and 4 GB. What is in it is
evenly random but always the same: the eight published items, twelve people who carry cases (one of them a third of all, one a thousandth), one case
in ten open, of these some held, waiting for approval, overdue, without a day. The search index holds what the portal itself would have put there;
the audit trail has as many events as there are cases, or as a second number says. Every name is made up.
Rows are written past the ORM and past the triggers; what triggers keep is written by their own expressions.
"""

import sys

import django


def main() -> None:
    django.setup()
    from .large_fill import fill  # noqa: PLC0415 - models need Django

    cases = int(sys.argv[1])
    fill(cases, int(sys.argv[2]) if len(sys.argv) > 2 else cases)


if __name__ == "__main__":
    main()
