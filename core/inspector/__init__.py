"""The child process that looks into files from outside: `python -m core.inspector TASK PATH …`, started by core.inspection for one file.

It alone gives such a file to libmagic, Pillow, zipfile and poppler: without network, with limits of memory, time and of what it may write.
It answers in JSON: what was found, or the code of a refusal.
"""


class RefusedError(Exception):
    """A file that is not taken; `args` are the code of the reason and what it names."""
