"""Mails taken apart: what writers make of charsets, dates, names and headers; what is too much; and that nothing in a header stops it."""

import email
import email.policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import eml, files
from core.inspection import RefusedFileError, take_apart
from core.inspector import RefusedError
from tests import samples
from tests.correspondence.mails import attachment, encoded, mail

NAMES = ["Subject", "From", "To", "Date", "Message-ID", "References", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding"]
# What headers of mails are made of, in any order.
PIECES = ["=?", "?=", "?B?", "?q?", "utf-8", "gb2312", "iso-2022-jp", "=", "==", "=E5", "\x1b$B", "\udcff", "\x00", "<", ">", "@", '"', ",", "(", ")"]
PIECES += [";", "[", "\\", "\n", "\r\n ", "\n\n", ":", "''", "filename*0*=", "%E5", "+9999", "Nov", "20", "2026", "字", "😀", " " * 50, "a" * 80, "name="]


@pytest.fixture
def read(tmp_path):
    """Take a mail apart; what it says, with the bytes of its attachments."""

    def read_it(raw):
        path = tmp_path / "mail"
        path.write_bytes(raw)
        found = eml.take_apart(path)
        for one in found["attachments"]:
            one["body"] = (tmp_path / one["file"]).read_bytes()
        return found

    return read_it


class TestWords:
    @pytest.mark.parametrize(
        ("text", "charset", "named"),
        [
            ("关于访问的函", "gb18030", "GB18030"),
            ("关于访问的函", "gbk", "gb2312"),  # a larger charset under the smaller one's name
            ("朱镕基", "gbk", "GB2312"),
            ("访问日程", "gbk", "x-gbk"),
            ("訪問日程", "big5", "Big5"),
            ("訪問の件", "iso2022_jp", "ISO-2022-JP"),
            ("訪問の件", "cp932", "Shift_JIS"),
            ("방문 일정", "euc_kr", "EUC-KR"),
            ("关于访问的函", "hz", "hz-gb-2312"),
            ("关于访问的函", "utf-8", "utf-8"),
            ("Besuch – März", "windows-1252", "iso-8859-1"),
            ("关于访问的函", "utf-8", "x-unknown"),
            ("关于访问的函", "gb18030", "x-unknown"),
        ],
    )
    @pytest.mark.parametrize("way", ["B", "Q", "b", "q"])
    def test_encoded_words(self, text, charset, named, way):
        assert eml.words(f"Re: {encoded(text, charset, way.upper(), named)}") == f"Re: {text}"

    def test_words_that_cut_a_character_in_two_are_joined(self):
        raw = "关于访问的函".encode()
        pieces = "\r\n ".join(f"=?utf-8?Q?{''.join(f'={byte:02X}' for byte in raw[start : start + 4])}?=" for start in range(0, len(raw), 4))

        assert eml.words(pieces) == "关于访问的函"

    def test_words_of_two_charsets_side_by_side(self):
        assert eml.words(f"{encoded('访问', 'gbk', named='gb2312')} {encoded('日程', 'utf-8')}") == "访问日程"

    def test_bytes_without_a_charset(self, read):
        raw = mail(subject="PLACE").replace(b"PLACE", "关于访问的函".encode("gb18030"))

        assert read(raw)["subject"] == "关于访问的函"

    def test_what_is_not_seen_is_left_out(self):
        assert eml.words("a\u202eb\u200bc\x00d\r\n\te") == "abcd e"

    @pytest.mark.parametrize("broken", ["=?utf-8?B?##?=", "=?utf-8?B?5?=", "=?utf-8?Q?=E5=?=", "=?utf-8?X?a?=", "=?utf-8?B?", "=??B?YQ==?=", "=?utf-8?Q?=ZZ?="])
    def test_broken_ones_stop_nothing(self, broken):
        assert isinstance(eml.words(f"a {broken} b"), str)


class TestHeaders:
    def test_sender_receivers_and_identifiers(self, read):
        found = read(
            mail(
                sender=f"{encoded('神港市商工联合会', 'gbk', named='gb2312')} <office@kobe.example>",
                to="liaison@office.example, Other <b@c.example>",
                more="Cc: copy@office.example\nMessage-ID: <two@kobe.example>\nIn-Reply-To: <one@office.example>\nReferences: <zero@x.y> <one@office.example>",
            )
        )

        assert found["from"] == [["神港市商工联合会", "office@kobe.example"]]
        assert found["to"] == [["", "liaison@office.example"], ["Other", "b@c.example"]]
        assert found["cc"] == [["", "copy@office.example"]]
        assert found["message_id"] == "two@kobe.example"
        assert found["references"] == ["one@office.example", "one@office.example", "zero@x.y"]

    def test_a_sender_that_is_none_stands_as_a_name(self):
        assert eml.addresses(["Kobe Chamber"]) == [["Kobe Chamber", ""]]
        assert eml.addresses(["<<a@b.example>>;"])[0][1] == "a@b.example"

    @pytest.mark.parametrize(
        ("written", "read_as"),
        [
            ("Fri, 20 Nov 2026 23:30:00 +0900", "2026-11-20T23:30:00+09:00"),
            ("20 Nov 2026 23:30 -0500 (EST)", "2026-11-20T23:30:00-05:00"),
            ("Fri, 20 Nov 2026 23:30:00 -0000", "2026-11-20T23:30:00+00:00"),
            ("Fri, 20 Nov 26 23:30:00 GMT", "2026-11-20T23:30:00+00:00"),
            ("Fri, 20 Nov 2926 23:30:00 +0900", ""),
            ("Fri, 99 Nov 2026 23:30:00 +0900", ""),
            ("yesterday", ""),
            ("", ""),
            ("Fri, 20 Nov 2026 23:30:00 +9999", ""),
        ],
    )
    def test_dates(self, written, read_as):
        assert eml.moment(written) == read_as

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join))
    def test_nothing_in_a_header_stops_it(self, text):
        raw = text.encode("utf-8", "surrogateescape" if "\udcff" in text else "replace")
        for name in NAMES:
            message = email.message_from_bytes(name.encode() + b": " + raw + b"\n\ntext", policy=email.policy.compat32)
            said = [eml.words(eml.first(message, name.lower())), *eml.identifiers(text), eml.moment(text), eml.file_name(message), eml.text_of(message)]
            said += [part for pair in eml.addresses(eml.headers(message, "from")) for part in pair]
            assert all(one.encode() is not None and "\x00" not in one for one in said)


class TestParts:
    def test_the_text_first_then_html_without_marks(self, read):
        html = (
            "Content-Type: text/html; charset=gb2312\nContent-Transfer-Encoding: 8bit\n\n<style>p{}</style><script>x()</script><p>第一行</p><p>第二行<br>完</p>"
        )
        raw = mail(text="", parts=["PLACE"]).replace(b"PLACE", html.encode("gbk"))

        assert read(raw)["text"] == "第一行\n第二行\n完"
        assert read(mail(text="正文", parts=[html]))["text"] == "正文"

    @pytest.mark.parametrize("charset", ["gb18030", "big5", "iso-2022-jp", "utf-16", "x-unknown"])
    def test_texts_in_other_charsets(self, read, charset):
        raw = mail(text="訪問", charset=charset) if charset != "x-unknown" else mail(text="訪問").replace(b"charset=utf-8", b"charset=x-unknown")

        assert read(raw)["text"] == "訪問"

    def test_nested_parts(self, read):
        inner = 'Content-Type: multipart/alternative; boundary="in"\n\n--in\nContent-Type: text/plain\n\nplain\n--in\n'
        inner += "Content-Type: text/html\n\n<p>html</p>\n--in--\n"

        found = read(mail(text="", parts=[inner, attachment("a.txt", b"one")]))

        assert (found["text"], [one["name"] for one in found["attachments"]]) == ("plain", ["a.txt"])

    @pytest.mark.parametrize(
        "header",
        [
            "Content-Disposition: attachment; filename*=UTF-8''%E6%97%A5%E7%A8%8B.txt",
            "Content-Disposition: attachment; filename*=gb2312'zh'%C8%D5%B3%CC.txt",
            "Content-Disposition: attachment; filename*0*=UTF-8''%E6%97%A5; filename*1*=%E7%A8%8B.txt",
            f'Content-Disposition: attachment; filename="{encoded("日程.txt", "gbk", named="gb2312")}"',
            'Content-Disposition: attachment; filename="日程.txt"',
        ],
    )
    def test_names_of_attachments(self, read, header):
        found = read(mail(parts=[attachment("", b"body", header=header)]))["attachments"]

        assert [(one["name"], one["body"], one["is_inline"]) for one in found] == [("日程.txt", b"body", False)]

    def test_a_name_in_the_type(self, read):
        part = f'Content-Type: text/plain; name="{encoded("日程.txt", "utf-8")}"\nContent-Transfer-Encoding: base64\n\nYm9keQ=='

        assert [(one["name"], one["body"]) for one in read(mail(parts=[part]))["attachments"]] == [("日程.txt", b"body")]

    def test_a_name_that_cannot_be_read_stops_nothing(self, read):
        header = "Content-Disposition: attachment; filename*0*=x; filename*zz*=y; filename*=nonsense''%"

        assert len(read(mail(parts=[attachment("", b"body", header=header)]))["attachments"]) == 1

    def test_a_mail_within_the_mail_is_one_attachment(self, read):
        inner = "Content-Type: message/rfc822\n\n" + mail(subject="inner", parts=[attachment("b.txt", b"two")], edge="inner").decode()

        found = read(mail(parts=[inner]))["attachments"]

        assert [one["name"] for one in found] == ["1.eml"]
        assert b"Subject: inner" in found[0]["body"]

    def test_a_picture_in_the_text_is_told_apart(self, read):
        picture = f"Content-Type: image/png\nContent-ID: <logo>\n{attachment('logo.png', samples.picture(), disposition='inline').partition(chr(10))[2]}"

        assert [one["is_inline"] for one in read(mail(parts=[picture, attachment("a.txt", b"one")]))["attachments"]] == [True, False]

    def test_what_cannot_be_unpacked_is_empty(self, read):
        found = read(mail(parts=["Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n!!!!"]))

        assert [(one["name"], one["size"]) for one in found["attachments"]] == [("a.pdf", len(found["attachments"][0]["body"]))]


class TestRefusals:
    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"", "mismatch"),
            (b"just a text", "mismatch"),
            (b"From: a@b.example\n\ntext", "mismatch"),
            (samples.pdf(), "mismatch"),
            (mail(subject="机密：日程"), "secret"),
            (mail(subject=encoded("绝密★日程", "gbk", named="gb2312")), "secret"),
            (mail(text="秘密\n日程"), "secret"),
            (mail(parts=["Content-Type: text/html\n\n<b>机</b><i>密</i>"]), "secret"),
            (mail(parts=[attachment("机密.txt", b"a")]), "secret"),
            (mail(more="\n".join(f"X-{number}: y" for number in range(600))), "bomb"),
            (mail(parts=[attachment(f"{number}.txt", b"a") for number in range(41)]), "bomb"),
            (mail(parts=["Content-Type: text/plain\n\na"] * 250), "bomb"),
        ],
    )
    def test_what_is_refused(self, read, raw, code):
        with pytest.raises(RefusedError) as caught:
            read(raw)
        assert caught.value.args == (code,)

    def test_parts_in_parts_in_parts(self, read):
        nested = "Content-Type: text/plain\n\nend\n"
        for number in range(25):
            nested = f'Content-Type: multipart/mixed; boundary="b{number}"\n\n--b{number}\n{nested}\n--b{number}--\n'

        with pytest.raises(RefusedError, match="bomb"):
            read(mail(parts=[nested]))

    def test_in_the_child(self):
        path = files.folder("incoming") / "a"
        path.write_bytes(mail(parts=[attachment("a.txt", b"one")]))
        assert take_apart(path)["attachments"][0] == {"name": "a.txt", "file": "a-1", "size": 3, "is_inline": False}
        assert (path.parent / "a-1").read_bytes() == b"one"

        path.write_bytes(
            b"From: a@b.example\nTo: c@d.example\n" + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(20_000))
        )
        with pytest.raises(RefusedFileError) as caught:
            take_apart(path)
        assert caught.value.code in {"bomb", "heavy", "broken"}
