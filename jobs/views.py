"""Pages of background work. Each person sees their own; another's is as absent as one that never was."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from .models import Job


@require_safe
def job_detail(request, job):
    job = get_object_or_404(Job, pk=job, asked_by=request.user)
    return render(request, "jobs/job_detail.html", {"job": job})
