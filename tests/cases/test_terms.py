"""Pages of the maintained lists of terms."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from cases import rule_actions
from cases.models import Term

from .test_rule_pages import last, text_of
from .test_rule_seeds import edition, publication, seeded  # noqa: F401 - fixtures


def names(kind: str = "relation") -> list[str]:
    return list(Term.objects.filter(kind=kind, archived_at=None).values_list("name", flat=True))


def term(name: str) -> Term:
    return Term.objects.get(name=name, archived_at=None)


@pytest.mark.usefixtures("seeded")
class TestTerms:
    def test_every_list_stands_there(self, editor):
        page = text_of(editor.get(reverse("cases:term-list")))

        assert [str(label) in page for label in Term.Kind.labels] == [True] * len(Term.Kind.labels)
        assert [name in page for name in names()] == [True] * 3

    def test_an_entry_is_added_at_the_end(self, editor):
        response = editor.post(reverse("cases:term-create", args=["relation"]), {"name": "同一来访", "name_en": "Same visit"})

        assert response["Location"] == reverse("cases:term-list")
        assert names() == ["相关", "由本件引出", "替代本件", "同一来访"]
        assert last() == ("term.add", {"kind": "relation", "before": None, "after": {"name": "同一来访", "name_en": "Same visit"}})

    def test_an_entry_is_renamed(self, editor):
        editor.post(reverse("cases:term-edit", args=[term("相关").pk]), {"name": "有关", "name_en": ""})

        assert names() == ["有关", "由本件引出", "替代本件"]
        assert last()[1]["before"] == {"name": "相关", "name_en": "Related"}

    @pytest.mark.parametrize("name", ["由本件引出", "", "长" * 101])
    def test_bad_names_are_told_and_kept(self, editor, name):
        for url in (reverse("cases:term-create", args=["relation"]), reverse("cases:term-edit", args=[term("相关").pk])):
            response = editor.post(url, {"name": name, "name_en": "typed"})

            assert response.status_code == 200
            assert 'href="#id_name"' in text_of(response)
            assert f'value="{name}"' in text_of(response) or not name
            assert 'value="typed"' in text_of(response)
        assert names() == ["相关", "由本件引出", "替代本件"]

    def test_a_name_taken_at_the_same_moment_is_told(self, editor, monkeypatch):
        monkeypatch.setattr("cases.rule_forms.TermForm.validate_unique", lambda form: None)

        response = editor.post(reverse("cases:term-create", args=["relation"]), {"name": "相关"})

        assert "这个字典里已有同名条目。" in text_of(response)

    def test_another_list_may_have_the_same_name(self, editor):
        editor.post(reverse("cases:term-create", args=["phrase"]), {"name": "相关"})

        assert names("phrase")[-1] == "相关"

    @pytest.mark.parametrize(
        ("name", "to", "order"),
        [
            ("由本件引出", "up", ["由本件引出", "相关", "替代本件"]),
            ("由本件引出", "down", ["相关", "替代本件", "由本件引出"]),
            ("相关", "up", ["相关", "由本件引出", "替代本件"]),
            ("替代本件", "down", ["相关", "由本件引出", "替代本件"]),
        ],
    )
    def test_entries_move_by_one(self, editor, name, to, order):
        count = AuditEvent.objects.count()
        before = names()

        editor.post(reverse("cases:term-move", args=[term(name).pk]), {"to": to})

        assert names() == order
        assert AuditEvent.objects.count() - count == (order != before)

    def test_archived_with_a_reason_it_can_be_made_anew(self, editor):
        editor.post(reverse("cases:term-archive", args=[term("相关").pk]), {"reason": "与另一条重复"})
        page = text_of(editor.get(reverse("cases:term-list")))
        editor.post(reverse("cases:term-create", args=["relation"]), {"name": "相关"})

        assert names() == ["由本件引出", "替代本件", "相关"]
        assert "与另一条重复" in page
        assert AuditEvent.objects.filter(action="term.archive").count() == 1

    def test_not_without_a_reason(self, editor):
        row = term("相关")

        url = reverse("cases:term-archive", args=[row.pk])
        shown, refused = editor.get(url), editor.post(url, {"reason": " "})

        assert (shown.status_code, refused.status_code) == (200, 200)
        assert "停用“相关”" in text_of(shown)
        assert 'href="#id_reason"' in text_of(refused)
        assert names()[0] == "相关"

    def test_not_twice(self, editor, monkeypatch):
        row = term("相关")
        rule_actions.archive_term(row, reason="重复", by=editor.person)
        monkeypatch.setattr("cases.rule_views.get_object_or_404", lambda *args, **kwargs: row)

        response = editor.post(reverse("cases:term-archive", args=[row.pk]), {"reason": "再一次"})

        assert "这一条已经停用。" in text_of(response)
        assert Term.objects.get(pk=row.pk).archived_reason == "重复"

    def test_an_archived_or_unknown_entry_is_absent(self, editor):
        row = term("相关")
        rule_actions.archive_term(row, reason="重复", by=editor.person)

        assert [editor.get(reverse(f"cases:{name}", args=[row.pk])).status_code for name in ("term-edit", "term-archive")] == [404, 404]
        assert editor.post(reverse("cases:term-move", args=[row.pk])).status_code == 404
        assert editor.get(reverse("cases:term-create", args=["nonsense"])).status_code == 404

    def test_an_archived_entry_does_not_move(self, editor):
        row = term("相关")
        rule_actions.archive_term(row, reason="重复", by=editor.person)

        rule_actions.move_term(row, up=False, by=editor.person)

        assert names() == ["由本件引出", "替代本件"]

    def test_the_number_of_queries_does_not_grow(self, editor, django_assert_num_queries):
        editor.get(reverse("cases:term-list"))
        with CaptureQueriesContext(connection) as few:
            editor.get(reverse("cases:term-list"))
        Term.objects.bulk_create(Term(kind="phrase", name=f"意见{number}", position=number) for number in range(50))

        with django_assert_num_queries(len(few)):
            editor.get(reverse("cases:term-list"))
