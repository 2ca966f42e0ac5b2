"""What the worker does with a job."""


def run(number: int, attempt: int) -> None:
    """Do the job with this key, as its run number `attempt`."""
