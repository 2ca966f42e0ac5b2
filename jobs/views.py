"""Pages of background work. Each person sees their own; another's is as absent as one that never was."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from core.files import LostFileError
from core.paging import Key, paged

from .actions import ask_again, cancel, fetch, may
from .models import Job
from .queries import health, own, refresh_seconds

logger = logging.getLogger(__name__)

NEWEST_FIRST = Key("pk", descending=True)
NOTHING_RUNS = "sandbox; default-src 'none'"

watcher = permission_required("jobs.watch_jobs", raise_exception=True)


@require_safe
def job_list(request):
    page = paged(own(request.user), NEWEST_FIRST, request.GET)
    return render(request, "jobs/job_list.html", {"page": page, "seconds": refresh_seconds(page.rows)})


@require_safe
def job_detail(request, job):
    return _detail(request, _own_or_404(request, job))


def _detail(request, job, *, is_lost=False, status=200):
    context = {"job": job, "is_lost": is_lost, "seconds": refresh_seconds([job]), "may_ask": may(request.user, job.kind, job.parameters)}
    return render(request, "jobs/job_detail.html", context, status=status)


@require_POST
def job_cancel(request, job):
    job = cancel(_own_or_404(request, job), by=request.user, request=request)
    _say_how_it_went(request, job)
    return redirect(job)


@require_POST
def job_again(request, job):
    return redirect(ask_again(_own_or_404(request, job), by=request.user, request=request))


@require_GET
def job_file(request, job):
    """The file of a job. One that its owner may not have any more is refused; one that is gone is said to be."""
    job = _own_or_404(request, job)
    if not job.file:
        raise Http404
    try:
        file = fetch(job, by=request.user, request=request)
    except LostFileError:
        logger.error("The file of job %s is not there, or not as it was kept.", job.pk)
        return _detail(request, job, is_lost=True, status=410)
    response = FileResponse(file, as_attachment=True, filename=job.file_name, content_type=job.media_type)
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _own_or_404(request, job):
    return get_object_or_404(own(request.user), pk=job)


def _say_how_it_went(request, job):
    if job.outcome == Job.Outcome.CANCELLED:
        messages.success(request, _("已取消。"))
    elif job.is_finished:
        messages.info(request, _("任务已经结束，不需要取消。"))
    else:
        messages.info(request, _("已要求取消，任务进行到下一步时停止。"))


# -- for whoever looks after the system: what runs, not what it is about ---------------------------------------------------------------------------------


@watcher
@require_safe
def job_watch(request):
    page = paged(Job.objects.select_related("asked_by").defer("title", "parameters", "failure"), NEWEST_FIRST, request.GET)
    return render(request, "jobs/job_watch.html", {"page": page, "health": health()})


@watcher
@require_POST
def job_stop(request, job):
    _say_how_it_went(request, cancel(get_object_or_404(Job, pk=job), by=request.user, request=request))
    return redirect("jobs:job-watch")
