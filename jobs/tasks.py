"""The entry of the queue behind each job."""

from django.utils.module_loading import import_string
from django_tasks import TaskContext, task


@task(takes_context=True)
def run_job(context: TaskContext, number: int) -> None:
    """Do the job with this key. Web processes load this module to enqueue, and must not load what does the work."""
    import_string("jobs.running.run")(number, context.attempt)
