"""Organisations and people of the book are found by any of their names, and by how they are reached."""

from django.utils.translation import gettext_lazy as _

from core.search import Source, Words, register

from .models import Interaction, Organisation, Person


def _of_organisation(organisation: Organisation) -> Words:
    points = [point.value for point in organisation.points.all()]
    names = [organisation.name_en, organisation.name_native, organisation.short_name, *organisation.former_names.splitlines()]
    return Words(organisation.name, [*names, *points])


def _of_person(person: Person) -> Words:
    return words_of_person(person, [point.value for point in person.points.all()])


def words_of_person(person: Person, points: list[str]) -> Words:
    """What a person is found by who is reached at these `points`; of one that is not stored yet too."""
    return Words(str(person), [f"{person.surname} {person.given_names}", f"{person.given_names} {person.surname}", person.name_native, *points], [person.name])


ORGANISATIONS = register(
    Source(
        kind="organisation",
        label=_("机构"),
        objects=Organisation.objects.select_related("country").prefetch_related("points").all,
        visible=lambda by: Organisation.objects.visible_to(by).current().select_related("country"),
        words=_of_organisation,
        about=lambda organisation: f"{organisation.country} · {organisation.name_en}" if organisation.name_en else str(organisation.country),
    )
)

PEOPLE = register(
    Source(
        kind="contact",
        label=_("联系人"),
        objects=Person.objects.prefetch_related("points").all,
        visible=lambda by: Person.objects.visible_to(by).current(),
        words=_of_person,
        about=lambda person: person.latin_name,
    )
)

# -- interactions


def _of_interaction(interaction: Interaction) -> Words:
    title = f"{interaction.get_mode_display()} {interaction.thread.organisation}"
    return Words(title[:300], [interaction.summary, interaction.next_step], [str(person) for person in interaction.people.all()])


INTERACTIONS = register(
    Source(
        kind="interaction",
        label=_("往来"),
        objects=Interaction.objects.select_related("thread__organisation").prefetch_related("people").all,
        visible=lambda by: Interaction.objects.visible_to(by).valid().select_related("thread__organisation"),
        words=_of_interaction,
        about=lambda interaction: f"{interaction.day} · {interaction.summary[:40]}",
    )
)
