"""The published list as linked data in CPSV-AP 3.2.0 (Core Public Service Vocabulary Application Profile, SEMIC), as JSON-LD and as Turtle.

Both are written from one list of nodes. A node is a dict: "@id", "@type", and properties by their prefixed name, each with a list of values:
a plain text, a literal `{"@value", "@language"}` or `{"@value", "@type"}`, or a reference `{"@id"}`. That is JSON-LD already.

Every text is the published one, word for word and tagged "zh"; what the publication does not say is left out, with two exceptions that
CPSV-AP makes necessary, each at its place: the description and the competent authority of an item without a sheet.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from .open_data import items_of

Node = dict[str, Any]

PREFIXES = {
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "locn": "http://www.w3.org/ns/locn#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
CHINESE = "http://publications.europa.eu/resource/authority/language/ZHO"  # the EU code list of languages, as CPSV-AP asks
PUBLISHER = "天津市贸促分会国际联络部"  # whose list it is: 主办 of this site, and the 实施机构 of every published sheet
PLACE = "天津市"
TURTLE_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def as_cpsv(data: dict[str, Any]) -> dict[str, Any]:
    """The list (`open_data.list_as_data`) as a JSON-LD document; its context stands in it, so that reading it needs nothing else."""
    return {"@context": PREFIXES, "@graph": list(_nodes(data))}


def as_json_ld_document(data: dict[str, Any]) -> bytes:
    """`as_cpsv` as bytes."""
    return json.dumps(as_cpsv(data), ensure_ascii=False, indent=1).encode() + b"\n"


def as_turtle(data: dict[str, Any]) -> bytes:
    """The same graph as Turtle (W3C RDF 1.1 Turtle), in a fixed order: the same list gives the same bytes."""
    heads = [f"@prefix {prefix}: <{address}> ." for prefix, address in PREFIXES.items()]
    return "\n".join([*heads, "", *map(_as_turtle, _nodes(data))]).encode()


# -- nodes ---------------------------------------------------------------------
def _nodes(data: dict[str, Any]) -> Iterator[Node]:
    """Every node once. Concepts, places and languages are told with their type: SHACL looks for it in the data themselves."""
    items = items_of(data)
    sheets = [item["sheet"] for item in items if item["sheet"]]
    yield _dataset(data, items)
    for category in data["categories"]:
        yield _concept(f"category-{category['number']}", category["name"], str(category["number"]))
    for item in items:
        yield from _item_nodes(item, _edition_id(data))
    for citation in {citation["text"]: citation for sheet in sheets for citation in sheet["legal_bases"]}.values():
        yield _legal_resource(citation)
    for name in dict.fromkeys([PUBLISHER, *(_authority(item) for item in items)]):
        yield _organisation(name)
    if sheets:
        yield _concept("step", "运行流程")
        yield _concept("duty", "责任事项")
    yield {"@id": _own("place"), "@type": ["dct:Location"], "skos:prefLabel": [_zh(PLACE)]}
    yield {"@id": CHINESE, "@type": ["dct:LinguisticSystem"]}
    yield {"@id": _own(""), "@type": ["foaf:Document"]}


def _dataset(data: dict[str, Any], items: list[dict[str, Any]]) -> Node:
    edition = data["edition"]
    title = _zh(f"国际联络部职责清单第 {edition['number']} 版")
    return {
        "@id": _edition_id(data),
        "@type": ["dcat:Dataset"],
        "dct:identifier": [str(edition["number"])],
        "dct:title": [title],
        "dct:description": [title],  # mandatory; the list has no text about itself
        "dct:publisher": [_ref(_organisation_id(PUBLISHER))],
        "dct:modified": [{"@value": edition["recorded_at"], "@type": "xsd:dateTime"}],  # when it was entered here, not when the list was issued
        "dcat:landingPage": [_ref(_own(""))],
        "dct:hasPart": [_ref(item["url"]) for item in items],
    }


def _item_nodes(item: dict[str, Any], edition_id: str) -> Iterator[Node]:
    sheet, address = item["sheet"], item["url"]
    service: Node = {
        "@id": address,
        "@type": ["cpsv:PublicService"],
        "dct:identifier": [item["code"]],
        "dct:title": [_zh((sheet and sheet["cells"]["name"]) or item["contents"]["name"])],
        # The line of the contents. CPSV-AP demands a description; an item without a sheet has no other text.
        "dct:description": [_zh(item["contents"]["name"])],
        "dct:language": [_ref(CHINESE)],
        "dct:isPartOf": [_ref(edition_id)],
        "cv:isClassifiedBy": [_ref(_own(f"category-{item['category']['number']}"))],
        "cv:hasCompetentAuthority": [_ref(_organisation_id(_authority(item)))],
    }
    if not sheet:
        yield service
        return
    bases = [_ref(_legal_id(citation)) for citation in sheet["legal_bases"]]
    steps = [_rule(item, "step", step["number"], step["text"]) | {"cpsv:implements": bases} for step in sheet["steps"]]
    duties = [_rule(item, "duty", duty["position"], duty["text"]) for duty in sheet["responsibilities"]]
    materials = [_evidence(item, material) for material in sheet["materials"]]
    if sheet["cells"]["boundary"]:
        service["dct:description"].append(_zh(f"职责边界：{sheet['cells']['boundary']}"))
    if sheet["materials_open"]:  # the cell ends in 等: the materials named are not all
        service["dct:description"].append(_zh(f"运行要件：{sheet['cells']['materials']}"))
    yield service | {
        "cv:hasLegalResource": bases,
        "cpsv:follows": [_ref(rule["@id"]) for rule in [*steps, *duties]],
        "cpsv:hasInput": [_ref(material["@id"]) for material in materials],
        "cv:contactPoint": [_ref(f"{address}#supervision")],
    }
    yield from [*steps, *duties, *materials]
    contact = sheet["supervision"]
    yield {
        "@id": f"{address}#supervision",
        "@type": ["cv:ContactPoint"],
        "cv:telephone": [contact["phone"]],
        "cv:email": [contact["email"]],
        "locn:address": [_ref(f"{address}#supervision-address")],
    }
    yield {"@id": f"{address}#supervision-address", "@type": ["locn:Address"], "locn:fullAddress": [_zh(contact["address"])]}


def _authority(item: dict[str, Any]) -> str:
    """The 实施机构 of an item.

    Where no sheet names one (3.2) it is the department whose list it is: CPSV-AP has no service without a competent authority, and that the
    list assigns the item to this department is published. Nothing is said of who else takes part.
    """
    return (item["sheet"] and item["sheet"]["cells"]["implementing_body"]) or PUBLISHER


def _rule(item: dict[str, Any], kind: str, number: int, text: str) -> Node:
    return {
        "@id": f"{item['url']}#{kind}-{number}",
        "@type": ["cpsv:Rule"],
        "dct:identifier": [f"{item['code']}#{kind}-{number}"],
        "dct:title": [_zh(text)],
        "dct:description": [_zh(text)],
        "dct:type": [_ref(_own(kind))],
    }


def _evidence(item: dict[str, Any], material: dict[str, Any]) -> Node:
    return {
        "@id": f"{item['url']}#material-{material['position']}",
        "@type": ["cv:Evidence"],
        "dct:identifier": [f"{item['code']}#material-{material['position']}"],
        "dct:title": [_zh(material["name"])],
    }


def _legal_resource(citation: dict[str, Any]) -> Node:
    """A cited document: the citation as its description, and what can be read off it."""
    node: Node = {"@id": _legal_id(citation), "@type": ["eli:LegalResource"], "dct:description": [_zh(citation["text"])]}
    if citation["title"]:
        node["dct:title"] = [_zh(citation["title"])]
    if citation["document_number"]:
        node["dct:identifier"] = [citation["document_number"]]
    if citation["issuer"]:
        node["dc:publisher"] = [_zh(citation["issuer"])]
    return node


def _organisation(name: str) -> Node:
    node: Node = {
        "@id": _organisation_id(name),
        "@type": ["cv:PublicOrganisation"],
        "skos:prefLabel": [_zh(name)],
        "dct:spatial": [_ref(_own("place"))],
    }
    if name == PUBLISHER:  # a publisher is an agent, which needs title and identifier of its own
        node |= {"@type": ["cv:PublicOrganisation", "foaf:Agent"], "dct:title": [_zh(name)], "dct:identifier": [node["@id"]]}
    return node


def _concept(fragment: str, label: str, notation: str = "") -> Node:
    node: Node = {"@id": _own(fragment), "@type": ["skos:Concept"], "skos:prefLabel": [_zh(label)]}
    return node | {"skos:notation": [notation]} if notation else node


# -- addresses and literals ------------------------------------------------------
def _own(fragment: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}/" + (f"#{fragment}" if fragment else "")


def _edition_id(data: dict[str, Any]) -> str:
    return f"{settings.PUBLIC_BASE_URL}/updates/#edition-{data['edition']['number']}"


def _legal_id(citation: dict[str, Any]) -> str:
    return f"{settings.PUBLIC_BASE_URL}/legal-bases/#{_digest(citation['text'])}"


def _organisation_id(name: str) -> str:
    return _own(f"organisation-{_digest(name)}")


def _digest(text: str) -> str:
    """A name that stays the same as long as the text does, in whatever order texts come."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _zh(text: str) -> Node:
    return {"@value": text, "@language": "zh"}


def _ref(address: str) -> Node:
    return {"@id": address}


# -- Turtle ----------------------------------------------------------------------
def _as_turtle(node: Node) -> str:
    lines = [f"<{node['@id']}> a {', '.join(node['@type'])}"]
    lines += [f"  {name} {', '.join(map(_object, values))}" for name, values in node.items() if values and not name.startswith("@")]
    return " ;\n".join(lines) + " .\n"


def _object(value: str | Node) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if "@id" in value:
        return f"<{value['@id']}>"
    return _quoted(value["@value"]) + (f"@{value['@language']}" if "@language" in value else f"^^{value['@type']}")


def _quoted(text: str) -> str:
    return f'"{text.translate(TURTLE_ESCAPES)}"'
