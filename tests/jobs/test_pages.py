"""The pages of background work: each person's own, and how all of it goes for the system administrator."""

import errno
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import AuditEvent
from core.files import path_of
from jobs import actions, running
from jobs.actions import ask
from jobs.models import Job, Worker
from tests import factories as make

from . import work

pytestmark = pytest.mark.django_db
LIST, WATCH = reverse("jobs:job-list"), reverse("jobs:job-watch")


@pytest.fixture
def client(db):
    return make.signed_in("editor")


def asked(client, title="张三的名单", **fields):
    return ask("test-quick", **({"parameters": {"q": "张三"}, "title": title, "by": client.person} | fields))


def done(client, **fields):
    job = asked(client, **fields)
    running.run(job.pk, 1)
    job.refresh_from_db()
    return job


def text_of(response):
    return b"".join(response).decode()


def at(name, job):
    return reverse(f"jobs:job-{name}", args=[job.pk])


def acts():
    return [event.action for event in AuditEvent.objects.filter(action__startswith="job.").order_by("number")]


# -- one's own -------------------------------------------------------------------------------------------------------
def test_the_list_is_empty_at_first(client):
    assert "还没有后台任务" in text_of(client.get(LIST))


def test_the_list_shows_ones_own_jobs_and_how_far_they_are(client):
    done(client, title="做完的名单")
    running_one = asked(client, title="正在做的名单", total=4)
    Job.objects.filter(pk=running_one.pk).update(started_at=timezone.now(), attempts=1, done=3)
    asked(make.signed_in("editor"), title="别人的名单")

    shown = text_of(client.get(LIST))

    assert ["做完的名单" in shown, "正在做的名单" in shown, "别人的名单" in shown] == [True, True, False]
    assert f'<progress id="job-{running_one.pk}" value="3" max="4">' in shown
    assert ["已完成 3/4" in shown, "9\xa0字节" in shown] == [True, True]
    assert [shown.count('http-equiv="refresh" content="2"'), shown.count("js/jobs.js")] == [1, 1]


def test_a_list_where_nothing_is_under_way_stays(client):
    done(client)
    shown = text_of(client.get(LIST))

    assert [shown.count("http-equiv"), shown.count("js/jobs.js"), shown.count('data-seconds="0"')] == [0, 0, 1]


@pytest.mark.parametrize(("age", "seconds"), [(0, 2), (119, 2), (121, 10), (899, 10), (901, 60), (3599, 60), (3601, 0)])
def test_a_page_looks_again_less_often_as_its_job_ages_and_then_not_at_all(client, age, seconds):
    job = asked(client)
    Job.objects.update(asked_at=timezone.now() - timedelta(seconds=age))

    assert client.get(at("detail", job)).context["seconds"] == seconds


def test_the_list_takes_the_same_queries_for_any_number_of_jobs_and_is_paged(client, django_assert_num_queries, django_assert_max_num_queries):
    asked(client)
    client.get(LIST)
    with django_assert_max_num_queries(13) as queries:
        client.get(LIST)
    for _number in range(24):
        done(client)
    with django_assert_num_queries(len(queries)):
        first = client.get(LIST)

    assert len(first.context["page"].rows) == 20
    second = client.get(LIST, {"after": first.context["page"].following})
    assert len(second.context["page"].rows) == 5


@pytest.mark.parametrize("state", ["queued", "again", "running", "counted", "unbounded", "ending"])
def test_a_job_under_way_says_how_far_it_is(client, state):
    job = asked(client)
    now = {"started_at": timezone.now(), "attempts": 1}
    fields, words, bar = {
        "queued": ({}, "等待后台处理", ' value="0" max="1"'),
        "again": ({"attempts": 1}, "第 1 次没有成功，稍后自动再试", ' value="0" max="1"'),
        "running": (now, "正在处理", ""),
        "unbounded": (now | {"done": 7}, "已处理 7 项", ""),
        "counted": (now | {"done": 7, "total": 9}, "已完成 7/9", ' value="7" max="9"'),
        "ending": (now | {"done": 9, "total": 9}, "9 项都已处理，正在收尾", ' value="9" max="9"'),
    }[state]
    Job.objects.update(**fields)

    shown = text_of(client.get(at("detail", job)))

    assert words in shown
    assert f'<progress id="progress"{bar}></progress>' in shown
    assert "取消任务" in shown


@pytest.mark.parametrize("name", ["detail", "file"])
def test_anothers_job_is_as_absent_as_none(client, name):
    job = done(client)
    other = make.signed_in("editor")

    theirs, none = (other.get(reverse(f"jobs:job-{name}", args=[number])) for number in (job.pk, job.pk + 1000))

    assert (theirs.status_code, theirs.content) == (404, none.content)


@pytest.mark.parametrize("name", ["cancel", "again"])
@pytest.mark.parametrize("role", ["editor", "system_admin"])
def test_nobody_cancels_or_repeats_anothers_job(client, name, role):
    job = asked(client)
    other = make.signed_in(role)

    theirs, none = (other.post(reverse(f"jobs:job-{name}", args=[number])) for number in (job.pk, job.pk + 1000))

    assert (theirs.status_code, theirs.content) == (404, none.content)
    assert (Job.objects.get().state, acts()) == ("queued", ["job.ask"])


# -- its file --------------------------------------------------------------------------------------------------------
def test_the_file_is_handed_out_as_an_attachment_and_noted(client):
    job = done(client)
    response = client.get(at("file", job))

    assert response.getvalue().decode() == "甲乙丙"
    assert response["Content-Type"] == "text/plain"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%E5%90%8D%E5%8D%95.txt"
    assert (response["X-Content-Type-Options"], response["Cache-Control"]) == ("nosniff", "private, no-store")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    event = AuditEvent.objects.get(action="job.download")
    assert (event.by, event.subject, job.sha256 in event.facts) == (client.person, f"jobs.job:{job.pk}", True)


def test_the_menu_counts_what_was_not_fetched(client):
    assert Job.objects.count() == 0
    job = done(client)
    cancelled = asked(client)
    client.post(at("cancel", cancelled))
    done(make.signed_in("editor"))

    assert '<span>后台任务</span><span class="n">1</span>' in text_of(client.get(LIST))
    client.get(at("file", job)).getvalue()
    fetched = Job.objects.get(pk=job.pk).fetched_at
    client.get(at("file", job)).getvalue()

    assert "<span>后台任务</span></a>" in text_of(client.get(LIST))
    assert Job.objects.get(pk=job.pk).fetched_at == fetched


def test_a_file_before_it_is_made_is_not_found(client):
    assert client.get(at("file", asked(client))).status_code == 404


def test_who_lost_the_right_since_gets_no_file_and_is_told(client):
    job = done(client)
    work.ALLOWED["yes"] = False

    assert client.get(at("file", job)).status_code == 403
    shown = text_of(client.get(at("detail", job)))
    assert ("现在不能下载这个文件" in shown, "下载文件" in shown, "重新提交" in shown) == (True, False, False)
    assert "job.download" not in acts()


def test_a_download_that_is_not_audited_is_not_given(client, monkeypatch):
    job = done(client)
    monkeypatch.setattr(actions, "record", lambda *args, **facts: (_ for _ in ()).throw(RuntimeError))

    with pytest.raises(RuntimeError):
        client.get(at("file", job))
    assert Job.objects.get().fetched_at is None


@pytest.mark.parametrize("harm", ["lost", "altered"])
def test_a_file_that_is_not_as_it_was_made_is_not_given(client, harm, caplog):
    job = done(client)
    if harm == "lost":
        path_of(job.file).unlink()
    else:
        path_of(job.file).write_text("甲乙丁")

    response = client.get(at("file", job))

    assert (response.status_code, "缺失或与生成时不一致" in text_of(response)) == (410, True)
    assert ("job.download" in acts(), "not as it was kept" in caplog.text) == (False, True)


def test_a_file_that_was_cleared_away_is_said_to_be(client):
    job = done(client)
    Job.objects.update(file="")

    shown = text_of(client.get(at("detail", job)))

    assert ("已过 7 天保留期" in shown, job.sha256 in shown, "重新提交" in shown) == (True, True, True)
    assert client.get(at("file", job)).status_code == 404


# -- cancelling, and again -------------------------------------------------------------------------------------------
def test_a_queued_job_is_cancelled(client):
    job = asked(client)
    shown = text_of(client.post(at("cancel", job), follow=True))

    assert ("已取消。" in shown, "取消任务" in shown, "重新提交" in shown) == (True, False, True)
    assert (Job.objects.get().state, acts()) == ("cancelled", ["job.ask", "job.cancel"])
    assert AuditEvent.objects.get(action="job.cancel").by == client.person


def test_a_running_job_is_asked_to_stop_once(client):
    job = asked(client)
    DBTaskResult.objects.update(status="RUNNING")
    Job.objects.update(started_at=timezone.now(), attempts=1)

    shown = [text_of(client.post(at("cancel", job), follow=True)) for _time in range(2)]

    assert ["已要求取消，进行到下一步时停止。" in page and "取消任务" not in page for page in shown] == [True, True]
    assert acts() == ["job.ask", "job.cancel"]


def test_what_has_ended_is_not_cancelled(client):
    job = done(client)

    assert "任务已经结束，不需要取消" in text_of(client.post(at("cancel", job), follow=True))
    assert Job.objects.get().state == "done"


def test_a_failed_job_says_why_and_is_asked_for_again(client, monkeypatch):
    def quick(job, progress):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(work, "quick", quick)
    job = asked(client, total=5)
    with pytest.raises(OSError, match="full"):
        running.run(job.pk, 1)
    shown = text_of(client.get(at("detail", job)))
    assert ("磁盘空间不足" in shown, "重新提交" in shown) == (True, True)

    response = client.post(at("again", job))

    again = Job.objects.exclude(pk=job.pk).get()
    assert response["Location"] == again.get_absolute_url()
    assert (again.kind, again.parameters, again.title, again.total, again.state) == (job.kind, job.parameters, job.title, 5, "queued")


def test_who_lost_the_right_cannot_ask_again(client):
    job = done(client)
    work.ALLOWED["yes"] = False

    assert client.post(at("again", job)).status_code == 403
    assert Job.objects.count() == 1


# -- how all of it goes ----------------------------------------------------------------------------------------------
@pytest.fixture
def admin(db):
    return make.signed_in("system_admin")


def test_the_administrator_sees_how_jobs_go_but_not_what_they_are_about(client, admin):
    client.person.name = "林晓舟"
    client.person.save()
    done(client)
    failed = asked(client)
    Job.objects.filter(pk=failed.pk).update(finished_at=timezone.now(), outcome="failed", failure="张三不在名单上", fault="builtins.KeyError")
    Job.objects.create(kind="test-quick", title="夜间", due_at=timezone.now())

    shown = text_of(admin.get(WATCH))

    assert ["张三" in shown, "名单.txt" in shown, "夜间" in shown] == [False, False, False]
    assert [words in shown for words in ("快任务", "林晓舟", "builtins.KeyError", "定时")] == [True] * 4
    assert shown.count("未能完成") == 2  # the tag, and the number of the day
    assert "本人的任务" in shown
    assert "张三" not in text_of(admin.get(LIST))


def test_the_administrator_sees_the_workers_and_is_warned_where_none_lives(admin):
    now = timezone.now()
    for name, fields in {
        "alive": {"seen_at": now},
        "silent": {"seen_at": now - timedelta(minutes=5)},
        "ended": {"seen_at": now, "ended_at": now},
    }.items():
        Worker.objects.create(name=name, host=f"host-{name}", process=1, started_at=now - timedelta(hours=1), **fields)

    shown = text_of(admin.get(WATCH))
    assert [words in shown for words in ("运行中", "没有响应", "已停止", "host-alive")] == [True] * 4
    assert "没有正在运行的后台进程" not in shown

    Worker.objects.filter(name="alive").delete()
    assert "没有正在运行的后台进程" in text_of(admin.get(WATCH))
    Worker.objects.all().delete()
    assert "一天之内没有后台进程运行过" in text_of(admin.get(WATCH))


def test_the_administrator_sees_since_when_work_waits(client, admin):
    assert "还没有后台任务。" in text_of(admin.get(WATCH))
    asked(client)
    DBTaskResult.objects.update(enqueued_at=timezone.make_aware(datetime(2026, 11, 23, 8, 15)))

    shown = text_of(admin.get(WATCH))

    assert "最早的从 2026-11-23 08:15 起等待" in shown


def test_the_administrator_stops_a_job(client, admin):
    job = asked(client)

    assert "已取消。" in text_of(admin.post(at("stop", job), follow=True))

    job.refresh_from_db()
    assert (job.state, job.cancel_asked_by) == ("cancelled", admin.person)


def test_only_the_administrator_sees_all(client):
    assert (client.get(WATCH).status_code, client.post(at("stop", asked(client))).status_code) == (403, 403)
    assert "全部任务和运行情况" not in text_of(client.get(LIST))


def test_the_page_of_all_takes_the_same_queries_for_any_number(client, admin, django_assert_max_num_queries):
    counted = []
    admin.get(WATCH)
    for number in (1, 5):
        for _time in range(number):
            asked(client)
            Worker.objects.create(name=f"worker {Worker.objects.count()}", host="host", process=1)
        with django_assert_max_num_queries(15) as queries:
            admin.get(WATCH)
        counted.append(len(queries))

    assert counted[0] == counted[1]
