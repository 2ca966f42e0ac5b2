"""The public site: every page in four trees, from the published data, also when the database is away."""

import html
import re
from html.parser import HTMLParser

import pytest
from django.db import OperationalError, connection
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.published import site
from duties import open_data, public_site
from duties.publishing import publish_edition
from duties.search import fold, mark, search, words_of

from .test_publishing import approved_revision, people  # noqa: F401 - a fixture

CODES = ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1"]
PATHS = ["", *(f"duties/{code}/" for code in CODES), "legal-bases/", "supervision/", "updates/", "accessibility/", "privacy/"]
FILES = ["duties.json", "duties.schema.json", "duties.csv", "duties.jsonld", "duties.ttl", "updates/atom.xml", "robots.txt"]
PREFIXES = ["/", "/en/", "/care/", "/care/en/"]


class Words(HTMLParser):
    """Text and addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.links, self.tags = "", [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, text):
        self.text += text


@pytest.fixture
def written(edition, site_dir):
    assert public_site.write()
    return site_dir


def page(client, path: str) -> Words:
    response = client.get(path)
    assert response.status_code == 200, path
    return Words(response.content.decode())


@pytest.mark.django_db
def test_every_page_of_every_tree_is_written(written):
    addresses = set(site.refresh().pages)
    documents = [f"duties/{code}/{name}" for code in CODES for name in ("sheet.pdf", "sheet-archive.pdf", "sheet.docx")]
    documents += ["duties/booklet.pdf", "duties/booklet-screen.pdf", "duties/booklet.docx"]

    assert addresses == {f"/{name}" for name in FILES + documents} | {prefix + path for prefix in PREFIXES for path in PATHS}


@pytest.mark.django_db
@pytest.mark.documents
def test_the_documents_of_the_site_are_real_and_answered(client, written):
    for address, begin in (("/duties/4.1/sheet.pdf", b"%PDF-"), ("/duties/3.2/sheet-archive.pdf", b"%PDF-"), ("/duties/2.1/sheet.docx", b"PK")):
        response = client.get(address)
        assert (response.status_code, response.content[: len(begin)]) == (200, begin)
    assert [client.get(f"/duties/booklet{name}").content[:4] for name in (".pdf", "-screen.pdf", ".docx")] == [b"%PDF", b"%PDF", b"PK\x03\x04"]


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["3.2", "4.1"])
def test_an_item_leads_to_each_of_its_documents(client, written, code):
    for prefix in PREFIXES:
        links = page(client, f"{prefix}duties/{code}/").links
        assert {f"/duties/{code}/{name}" for name in ("sheet.pdf", "sheet-archive.pdf", "sheet.docx")} <= set(links)


@pytest.mark.django_db
def test_nothing_changed_nothing_written(written):
    assert public_site.write() is False


@pytest.mark.django_db
def test_a_new_edition_changes_the_pages(client, written, edition, people):  # noqa: F811
    publish_edition(approved_revision(edition, people), by=people[2])

    assert public_site.write()

    told = page(client, "/duties/4.1/").text
    assert "新的边界" in told
    assert "已被替代" in told
    assert "修订事项 4.1" in page(client, "/updates/").text
    assert "Superseded" in page(client, "/en/duties/4.1/").text


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_nine_rows_in_published_order_word_for_word(client, written, publication, prefix):
    for code, sheet in publication.sheets.items():
        body = html.unescape(client.get(f"{prefix}duties/{code}/").content.decode())
        main = re.sub(r"\s+", " ", Words(body[body.index("<main") : body.index("</main>")]).text)
        rows = [sheet.name, sheet.implementing_body, sheet.responsibilities_cell, *(text for _, text in sheet.steps), *(name for name, _ in sheet.materials)]
        rows += [sheet.contact.phone, sheet.contact.address, sheet.contact.email, *(basis.text for basis in sheet.citations)]
        squeezed = main.replace(" ", "")
        assert [row for row in rows if row.replace(" ", "") not in squeezed] == []
        if prefix in ("/", "/care/"):
            heads = ["序号", "名称", "法定依据", "实施机构", "职责边界", "运行流程", "运行要件", "责任事项", "监督方式"]
            places, start = [], 0
            for head in heads:
                start = main.index(head, start)
                places.append(start)
            assert places == sorted(places)


@pytest.mark.django_db
def test_3_2_says_what_is_missing_and_invents_nothing(client, written):
    told = page(client, "/duties/3.2/")

    assert "信息表未随源文件提供" in told.text
    assert "负责国家相关部门举办、我市参与的国际经贸活动的组织工作" in told.text
    assert not re.search("核定中|待核定|第 1 步", told.text)
    assert "信息表未随源文件提供" in page(client, "/").text
    assert "/duties/3.2/" in page(client, "/").links


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", PREFIXES)
def test_links_stay_in_their_tree_and_lead_somewhere(client, written, prefix):
    """A crawl from the first page reaches every page of the tree, and no address of our own is dead."""
    seen, queue = set(), [prefix]
    while queue:
        address = queue.pop()
        if address in seen:
            continue
        seen.add(address)
        for link in page(client, address).links if not address.endswith((".pdf", ".docx", ".json", ".csv", ".xml")) else []:
            target = link.split("#")[0].split("?")[0].removeprefix("http://127.0.0.1:8000")
            if target.endswith("/verify/"):  # the portal itself answers there
                assert client.get(target).status_code == 200
            elif target.startswith("/") and not target.startswith("/static/") and target != reverse("account_login"):
                assert site.read(target) is not None, f"{address} links to {target}"
                queue += [target] if target.startswith(prefix) else []
            else:
                assert target.startswith(("/static/", "tel:", "mailto:")) or target in ("", reverse("account_login")), f"{address} links to {link}"
    assert {prefix + path for path in PATHS} <= seen


@pytest.mark.django_db
def test_no_page_sets_a_cookie_or_needs_a_session(client, written):
    for address in site.refresh().pages:
        response = client.get(address)
        assert response.status_code == 200
        assert not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")


@pytest.mark.django_db
def test_no_inline_code_and_no_other_host(client, written):
    for address in site.refresh().pages:
        if address.endswith("/"):
            words = page(client, address)
            assert not [tag for tag, attributes in words.tags if "style" in attributes or any(name.startswith("on") for name in attributes)]
            assert not [tag for tag, _ in words.tags if tag == "style"]
            scripts = [attributes for tag, attributes in words.tags if tag == "script"]
            assert all(script.get("src", "").startswith("/static/") or script.get("type") == "application/ld+json" for script in scripts)


@pytest.mark.django_db
def test_english_chrome_says_that_the_legal_text_is_chinese(client, written):
    body = client.get("/en/duties/4.1/").content.decode()

    assert '<html lang="en"' in body
    assert re.search("Chinese", Words(body).text)
    assert 'lang="zh-CN"' in body


@pytest.mark.django_db
def test_care_tree_is_marked(client, written):
    assert 'data-care="1"' in client.get("/care/").content.decode()
    assert 'data-care="1"' not in client.get("/").content.decode()


@pytest.mark.django_db
def test_django_answers_a_known_page_with_304(client, written):
    tag = client.get("/").headers["ETag"]

    response = client.get("/", headers={"If-None-Match": tag})

    assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", tag)


@pytest.mark.django_db
def test_unknown_item_is_404(client, written):
    assert client.get("/duties/9.9/").status_code == 404


def test_without_a_published_list_the_pages_are_404(client, site_dir):
    assert client.get("/").status_code == 404
    assert client.get("/", {"q": "邀请"}).status_code == 404


# -- the database is away ----------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_every_public_page_answers_while_the_database_is_away(client, written, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("the database is away")

    connection.close()
    with monkeypatch.context() as away:
        away.setattr(connection, "ensure_connection", refuse)
        away.setattr(connection, "cursor", refuse)
        for address in site.refresh().pages:
            assert client.get(address).status_code == 200
        for prefix in PREFIXES:
            assert "签发" in client.get(prefix, {"q": "签发"}).content.decode()
        assert client.get("/duties/9.9/").status_code == 404


# -- search ----------------------------------------------------------------------
@pytest.fixture
def items(edition):
    return open_data.items_of(open_data.list_as_data())


def found(items, query):
    results = search(items, query)
    return None if results is None else [result["item"]["code"] for result in results]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("签发", ["4.1"]),
        ("政审件", ["2.2"]),
        ("2.1", ["2.1"]),
        ("２．１", ["2.1"]),
        ("备忘录", ["1.2"]),
        ("邀请 签证", ["2.2", "4.1"]),
        ("组织工作", ["2.2", "3.2"]),
        ("BIANZHIHONG", ["1.1", "1.2", "2.1", "2.2", "2.3", "3.1", "4.1"]),
        ("没有这样的词", []),
        ("%", []),
        ("_", []),
        ("签\x00发", ["1.2", "2.2", "4.1"]),
        ("😀", []),
        ("", None),
        ("   ", None),
        ("\x00", None),
    ],
)
def test_search_finds_what_stands_in_the_list(items, query, codes):
    assert found(items, query) == codes


@pytest.mark.django_db
def test_a_very_long_query_is_cut(items):
    assert found(items, "签" * 200_000) == []
    assert len("".join(words_of("签" * 200_000))) == 100


@pytest.mark.django_db
def test_search_page_marks_the_match_and_keeps_what_was_typed(client, written):
    body = client.get("/", {"q": "签发"}).content.decode()

    assert re.search(r"<mark[^>]*>签发</mark>", body)
    assert 'value="签发"' in body
    assert "duties/4.1/" in body


@pytest.mark.django_db
def test_search_without_result_says_so(client, written):
    assert "没有找到" in client.get("/", {"q": "橡胶"}).content.decode()
    assert client.get("/en/", {"q": "橡胶"}).headers["Content-Type"].startswith("text/html")


@pytest.mark.django_db
def test_search_escapes_what_was_typed(client, written):
    body = client.get("/", {"q": '"><script>alert(1)</script>'}).content.decode()

    assert "<script>alert" not in body


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.text(max_size=8))
def test_marked_pieces_join_to_the_text(text, query):
    words = words_of(query)

    pieces = mark(text, words)

    assert "".join(piece["text"] for piece in pieces) == text
    assert any(piece["match"] for piece in pieces) == any(word in fold(text)[0] for word in words)


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_query_is_answered(query):
    found = search([{"code": "1.1", "category": {"name": "x"}, "contents": {"name": "y"}, "sheet": None}], query)

    assert found is None or isinstance(found, list)


def test_the_tree_of_an_address():
    assert [public_site.variant_of(address).prefix for address in ("/", "/en/", "/care/", "/care/en/duties/1.1/", "/duties/en/")] == [*PREFIXES, "/"]
