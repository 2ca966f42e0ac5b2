from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from core.templatetags.portal import icon


def render(source, **context):
    return Template("{% load portal %}" + source).render(Context(context))


def test_icon_is_hidden_from_screen_readers():
    assert icon("sun") == '<svg class="ic" aria-hidden="true" focusable="false"><use href="/static/img/icons.svg#sun"></use></svg>'


def test_icon_escapes_its_name():
    assert "<b>" not in icon('"><b>')


@pytest.mark.parametrize(("language", "said"), [("zh-hans", "2026 年 11 月 3 日"), ("en", "3 November 2026")])
def test_day_in_words(language, said):
    with translation.override(language):
        assert render("{{ day|in_words }}", day=date(2026, 11, 3)) == said


def test_moment_in_words_is_the_local_day():
    assert render("{{ day|in_words }}", day=datetime(2026, 11, 3, 17, 0, tzinfo=UTC)) == "2026 年 11 月 4 日"


def test_no_day_is_no_word():
    assert render("{{ day|in_words }}", day=None) == ""


@pytest.mark.parametrize(
    ("path", "current"),
    [("/people/", 'aria-current="page"'), ("/people/wang.min/", 'aria-current="true"'), ("/today/", "")],
)
def test_menu_entry_tells_where_one_is(path, current):
    drawn = render('{% menu_entry "accounts:people-list" "people" "人员" %}', request=RequestFactory().get(path))

    assert ("aria-current" in drawn) == bool(current)
    assert current in drawn


@pytest.mark.parametrize(("path", "current"), [("/rules/", True), ("/rules/steps/3/", True), ("/rules/terms/", False)])
def test_menu_entry_may_stand_beside_one_that_begins_with_its_address(path, current):
    drawn = render('{% menu_entry "cases:rule-list" "sliders" "运行规则" below="steps/" %}', request=RequestFactory().get(path))

    assert ("aria-current" in drawn) == current


@pytest.mark.parametrize(("path", "current"), [("/contacts/people/7/", True), ("/contacts/organisations/", True), ("/contacts/visits/", False)])
def test_menu_entry_may_stand_for_pages_elsewhere(path, current):
    drawn = render('{% menu_entry "contacts:organisation-list" "people" "联系人" also="/contacts/people/ /x/" %}', request=RequestFactory().get(path))

    assert ("aria-current" in drawn) == current


@pytest.mark.parametrize(("count", "told"), [(0, None), (99, ">99<"), (100, ">99+<")])
def test_menu_entry_tells_a_count_as_far_as_it_goes(count, told):
    drawn = render('{% menu_entry "duties:list" "list-check" "职责清单" count=number %}', request=RequestFactory().get("/today/"), number=count)

    assert (told in drawn) if told else 'class="n' not in drawn


def test_menu_entry_of_the_root_is_not_above_everything():
    drawn = render('{% menu_entry "duties:list" "list-check" "职责清单" %}', request=RequestFactory().get("/today/"))

    assert "aria-current" not in drawn
