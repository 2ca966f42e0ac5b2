"""Linked data: CPSV-AP as its own shapes demand it, the words as published, JSON-LD and Turtle the same graph."""

import json
import warnings

import pytest
from pyshacl import validate
from rdflib import DCTERMS, RDF, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic

from core.published import CONTENT_TYPES, site
from duties import cpsv, open_data, public_site
from duties.publishing import publish_edition
from tests import test_project

from .test_publishing import approved_revision, people  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
SHAPES = test_project.ROOT / "tests" / "data" / "cpsv-ap-SHACL.ttl"
CPSV, CV, ELI = Namespace("http://purl.org/vocab/cpsv#"), Namespace("http://data.europa.eu/m8g/"), Namespace("http://data.europa.eu/eli/ontology#")
VIOLATION = URIRef("http://www.w3.org/ns/shacl#ValidationResult")


@pytest.fixture
def document(edition):
    return open_data.list_as_data()


@pytest.fixture(scope="module")
def shapes():
    return Graph().parse(SHAPES)


@pytest.fixture
def graph(document):
    return Graph().parse(data=cpsv.as_turtle(document), format="turtle")


def read_json_ld(document) -> Graph:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of rdflib, about itself
        return Graph().parse(data=cpsv.as_json_ld_document(document), format="json-ld")


def violations(graph, shapes) -> int:
    """How often CPSV-AP's shapes are broken; a violation told of a node counts as one."""
    conforms, report, _text = validate(graph, shacl_graph=shapes)
    found = len(set(report.subjects(RDF.type, VIOLATION)))
    assert conforms == (found == 0)
    return found


def service(code) -> URIRef:
    return URIRef(f"http://127.0.0.1:8000/duties/{code}/")


def words(graph, subject, *path) -> set[str]:
    """The texts at the end of a path of properties; each is tagged Chinese."""
    nodes = {subject}
    for step in path:
        nodes = {value for node in nodes for value in graph.objects(node, step)}
    assert {node.language for node in nodes} <= {"zh"}
    return {str(node) for node in nodes}


def test_it_conforms_to_the_shapes_of_cpsv_ap(graph, shapes):
    assert violations(graph, shapes) == 0


@pytest.mark.parametrize("kind", [CPSV.PublicService, CPSV.Rule, CV.Evidence])
def test_one_identifier_less_is_one_violation(graph, shapes, kind):
    graph.remove((next(graph.subjects(RDF.type, kind)), DCTERMS.identifier, None))

    assert violations(graph, shapes) == 1


def test_a_concept_without_its_type_is_a_violation(graph, shapes):
    graph.remove((URIRef("http://127.0.0.1:8000/#category-1"), RDF.type, None))

    assert violations(graph, shapes) > 0


def test_turtle_and_json_ld_are_the_same_graph(document, graph):
    from_json = read_json_ld(document)

    assert len(graph) == len(from_json) > 500
    assert isomorphic(graph, from_json)


def test_every_published_word_is_in_the_graph(document, graph, publication):
    for code, sheet in publication.sheets.items():
        subject = service(code)
        rules = words(graph, subject, CPSV.follows, DCTERMS.description)
        assert words(graph, subject, DCTERMS.title) == {sheet.name}
        assert {text for _number, text in sheet.steps} <= rules
        assert set(item_of(document, code)["responsibilities"]) <= rules
        assert len(rules) == len(sheet.steps) + len(item_of(document, code)["responsibilities"])
        assert words(graph, subject, CPSV.hasInput, DCTERMS.title) == {name for name, _mark in sheet.materials}
        assert words(graph, subject, CV.hasLegalResource, DCTERMS.description) == {citation.text for citation in sheet.citations}
        assert words(graph, subject, CV.hasCompetentAuthority, SKOS.prefLabel) == {sheet.implementing_body}
        assert f"职责边界：{sheet.boundary}" in words(graph, subject, DCTERMS.description)
        contact = next(graph.objects(subject, CV.contactPoint))
        assert str(graph.value(contact, CV.telephone)) == sheet.contact.phone
        assert str(graph.value(contact, CV.email)) == sheet.contact.email
        assert words(graph, contact, URIRef("http://www.w3.org/ns/locn#address"), URIRef("http://www.w3.org/ns/locn#fullAddress")) == {sheet.contact.address}


def item_of(document, code) -> dict[str, list[str]]:
    sheet = next(item for item in open_data.items_of(document) if item["code"] == code)["sheet"]
    return {"responsibilities": [duty["text"] for duty in sheet["responsibilities"]]}


def test_each_step_says_which_documents_it_carries_out(graph):
    steps = list(graph.subjects(DCTERMS.type, URIRef("http://127.0.0.1:8000/#step")))

    assert len(steps) == len({str(graph.value(step, DCTERMS.identifier)) for step in steps}) > 7
    assert {len(list(graph.objects(step, CPSV.implements))) for step in steps} == {1, 2}
    bases = {basis for step in steps for basis in graph.objects(step, CPSV.implements)}
    assert {kind for basis in bases for kind in graph.objects(basis, RDF.type)} == {ELI.LegalResource}


def test_materials_that_are_not_all_say_so(graph):
    assert "运行要件：联系方式、背景资料、往来函电、邀请函等" in words(graph, service("2.1"), DCTERMS.description)


def test_3_2_has_its_name_and_nothing_invented(document, graph):
    name = "负责国家相关部门举办、我市参与的国际经贸活动的组织工作。"

    told = set(graph.predicates(service("3.2")))

    assert words(graph, service("3.2"), DCTERMS.title) == words(graph, service("3.2"), DCTERMS.description) == {name}
    assert told.isdisjoint({CPSV.follows, CPSV.hasInput, CV.hasLegalResource, CV.contactPoint})
    assert words(graph, service("3.2"), CV.hasCompetentAuthority, SKOS.prefLabel) == {cpsv.PUBLISHER}


def test_items_are_parts_of_their_edition(graph, edition, people):  # noqa: F811
    first = set(graph.objects(None, DCTERMS.isPartOf))
    publish_edition(approved_revision(edition, people), by=people[2])
    second = Graph().parse(data=cpsv.as_turtle(open_data.list_as_data()), format="turtle")

    assert (first, set(second.objects(None, DCTERMS.isPartOf))) == tuple({URIRef(f"http://127.0.0.1:8000/updates/#edition-{number}")} for number in (1, 2))
    assert "职责边界：新的边界" in words(second, service("4.1"), DCTERMS.description)


def test_a_list_without_any_sheet_conforms(document, shapes):
    for item in open_data.items_of(document):
        item["sheet"] = None

    bare = Graph().parse(data=cpsv.as_turtle(document), format="turtle")

    assert violations(bare, shapes) == 0
    assert not list(bare.subjects(RDF.type, CPSV.Rule))


def test_a_sheet_that_leaves_cells_empty_conforms(document, shapes):
    for item in open_data.items_of(document):
        if item["sheet"]:
            item["sheet"]["cells"] |= {"name": None, "boundary": None, "implementing_body": "别的机构"}
            item["sheet"] |= {"materials_open": False, "steps": [], "materials": [], "responsibilities": []}
            item["sheet"]["legal_bases"] = [{"number": None, "text": "依据", "title": None, "issuer": None, "document_number": None}]

    bare = Graph().parse(data=cpsv.as_turtle(document), format="turtle")

    assert violations(bare, shapes) == 0
    assert words(bare, service("4.1"), DCTERMS.description) == words(bare, service("4.1"), DCTERMS.title)


def test_any_text_survives_both_notations(document):
    item = open_data.items_of(document)[0]
    item["contents"]["name"] = hard = "a\"b\\c\nd\te\rf </script> ' 䶮"

    turtle = Graph().parse(data=cpsv.as_turtle(document), format="turtle")
    from_json = read_json_ld(document)

    assert (service(item["code"]), DCTERMS.description, Literal(hard, lang="zh")) in turtle
    assert isomorphic(turtle, from_json)


def test_the_same_list_gives_the_same_bytes(document):
    assert cpsv.as_turtle(document) == cpsv.as_turtle(json.loads(open_data.as_json(document)))


def test_both_are_served_and_linked(client, edition, site_dir, document):
    public_site.write()

    for name, body in (("duties.jsonld", cpsv.as_json_ld_document(document)), ("duties.ttl", cpsv.as_turtle(document))):
        response = client.get(f"/{name}")
        assert (response.content, response["Content-Type"]) == (body, CONTENT_TYPES[f".{name.partition('.')[2]}"])
        assert f'href="/{name}"'.encode() in site.read("/")
