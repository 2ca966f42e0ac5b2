"""The records of the book: who sees them, and what the database refuses."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from contacts.models import ContactPoint, Country, Organisation, Person
from contacts.seeds import seed
from core.search import search
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    make.duty_list()
    return make.worker("preparer", "1.1")


def test_countries_are_stored_once():
    assert seed() == Country.objects.count() > 249
    assert seed() == 0
    assert Country.objects.get(code="TWN").name == "中国台湾"


def test_whoever_works_on_an_item_sees_the_book(clerk):
    body = make.organisation()

    assert list(Organisation.objects.visible_to(clerk)) == [body]
    assert list(Organisation.objects.visible_to(make.person("signer"))) == [body]
    assert not Organisation.objects.visible_to(make.person("preparer"))  # works on nothing
    assert not Organisation.objects.visible_to(make.person("auditor"))


@pytest.mark.parametrize("query", ["北湾", "beiwan", "bwsh", "North Bay", "22000000"])
def test_a_body_is_found_by_any_of_its_names(clerk, query):
    body = make.organisation(name_en="North Bay Chamber")
    ContactPoint.objects.create(organisation=body, kind="phone", value="22000000", folded="22000000")
    make.index([body])

    assert [hit.url for group in search(query, clerk) for hit in group.hits] == [body.get_absolute_url()]


def test_a_person_is_found_in_any_script(clerk):
    met = make.contact("区明", surname="AU", given_names="Ming", name_native="區明")

    for query in ("区明", "區明", "ouming", "quming", "AU Ming", "ming au"):
        assert [hit.url for group in search(query, clerk) for hit in group.hits] == [met.get_absolute_url()], query


def test_a_person_has_a_name():
    with pytest.raises(IntegrityError, match="contacts_person_is_named"):
        Person.objects.create(made_by=make.person("preparer"))


def test_what_is_merged_is_archived():
    body, other = make.organisation(), make.organisation("北湾商会（旧）")

    with pytest.raises(IntegrityError, match="contacts_organisation_merged_is_archived"):
        Organisation.objects.filter(pk=other.pk).update(merged_into=body)


def test_archiving_takes_a_reason():
    body = make.organisation()

    with pytest.raises(IntegrityError, match="contacts_organisation_archived_all_or_none"):
        Organisation.objects.filter(pk=body.pk).update(archived_at=timezone.now(), archived_by=body.made_by)
