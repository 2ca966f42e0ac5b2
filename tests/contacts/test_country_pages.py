"""The pages of countries: the network, whose figures lead to exactly the rows behind them; whom we know there, what to mind."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from contacts.models import Country, Organisation, Position
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    make.duty_list()
    make.country()
    return make.worker("preparer", "1.1")


@pytest.fixture
def client(clerk):
    return make.client_of(clerk)


@pytest.fixture
def known(clerk):
    """Two bodies in Norway, one in Denmark; three people, one of them in both countries, one who has left."""
    north, other, danish = make.organisation("北湾商会"), make.organisation("南湾商会"), make.organisation("丹港商会", country=make.country("DNK"))
    both, left = make.contact("贝明", at=north), make.contact("安然", at=other)
    Position.objects.create(person=both, organisation=danish, title="顾问")
    left.positions.update(until_on="2020-01-01")
    make.contact("何敏", at=other)
    gone = make.organisation("旧商会")
    Organisation.objects.filter(pk=gone.pk).update(archived_at="2026-01-01T00:00Z", archived_by=clerk, archived_reason="撤销")
    return north


def test_each_figure_leads_to_exactly_its_rows(client, known):
    page = client.get(reverse("contacts:country-list"))

    rows = page.context["network"].rows
    assert [(row.country.code, [value.count for value in row.values[:2]]) for row in rows] == [("NOR", [2, 2]), ("DNK", [1, 1])]
    for row in rows:
        for value in row.values[:2]:
            assert client.get(value.address).context["page"].total == value.count
            assert f'href="{value.address}"' in page.text
    assert page.text.count("<svg") > 0
    assert "挪威" in page.text
    assert "冰岛" in page.text  # among the others


def test_a_book_without_anything_says_so(client):
    page = client.get(reverse("contacts:country-list"))

    assert "还没有登记机构。" in page.text
    assert "chart-svg" not in page.text


def test_the_page_of_a_country_tells_whom_we_know_there(client, known):
    page = client.get(reverse("contacts:country-detail", args=["NOR"]))

    assert [str(body) for body in page.context["organisations"]] == ["北湾商会", "南湾商会"]
    assert [str(met) for met in page.context["people"]] == ["贝明", "何敏"]
    assert [value.count for _figure, value in page.context["figures"][:2]] == [2, 2]
    assert "没有登记。" in client.get(reverse("contacts:country-detail", args=["ISL"])).text
    assert client.get(reverse("contacts:country-detail", args=["XYZ"])).status_code == 404


EDIT = "contacts:country-edit"


def test_etiquette_is_written_by_one_at_a_time(client):
    address = reverse(EDIT, args=["NOR"])
    seen = client.get(address).context["form"]["seen"].value()
    typed = {"seen": seen, "etiquette": "守时", "visa_free_days": "30", "visa_free_until": "2027-12-31", "visa_free_source": "外交部公告"}

    assert client.post(address, typed).url == reverse("contacts:country-detail", args=["NOR"])
    shown = client.get(reverse("contacts:country-detail", args=["NOR"])).text
    assert all(word in shown for word in ("守时", "30 天", "（至 2027-12-31）", "外交部公告"))
    assert '"changed": ["etiquette", "visa_free_days", "visa_free_source", "visa_free_until"]' in AuditEvent.objects.get(action="country.change").facts

    late = client.post(address, typed | {"etiquette": "握手"})
    assert late.status_code == 409
    assert all(word in late.text for word in ("已有变化", "守时", "握手"))
    assert client.post(address, typed | {"etiquette": "握手", "seen": late.context["form"]["seen"].value()}).status_code == 302
    assert Country.objects.get(code="NOR").etiquette == "握手"


def test_a_visa_exemption_has_a_source(client):
    answer = client.post(reverse(EDIT, args=["NOR"]), {"visa_free_days": "30", "etiquette": "守时"})

    assert "请写明免签信息的来源。" in answer.text
    assert Country.objects.get(code="NOR").etiquette == ""
