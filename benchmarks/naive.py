"""The baseline of printing: the same words, pictures and structure, written without further thought.

An automatic table, the system's Noto CJK, no choice of density, no care for where lines end.
"""

import base64
import html
import io
from typing import Any

import segno

PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A4; margin: 2.5cm; @bottom-center {{ content: "— " counter(page) " —" }} }}
body {{ font-family: "Noto Serif CJK SC"; font-size: 13pt }}
h1 {{ font-size: 20pt; text-align: center }}
section {{ break-after: page }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border: 1px solid; padding: 6pt; text-align: left }}
p {{ margin: 0 }}
footer img {{ width: 16mm }}
.page::after {{ content: target-counter(attr(data-target), page) }}
</style></head><body>{body}</body></html>"""
ROWS = ["名称", "法定依据", "实施机构", "职责边界", "运行流程", "运行要件", "责任事项", "监督方式"]


def sheet(item: dict[str, Any]) -> str:
    """The document of one sheet."""
    return PAGE.format(title=heading(item), body=section(item))


def booklet(data: dict[str, Any]) -> str:
    """Cover, contents with page numbers, and every sheet, with the blank pages for duplex printing."""
    lines = "".join(
        f'<tr><td>{category["number"]}<th scope="row">{html.escape(category["name"])}<th scope="row">{item["code"]}'
        f'<td><a href="#d{item["code"]}">{html.escape(item["contents"]["name"])}</a><td class="page" data-target="#d{item["code"]}">'
        for category in data["categories"]
        for item in category["items"]
    )
    head = '<tr><th scope="col">序号<th scope="col" colspan="3">名称<th scope="col">页码'
    number, day = data["edition"]["number"], data["edition"]["recorded_at"][:10]
    cover = f"<section><p>天津市贸促分会<h1>国际联络部职责清单</h1><p>职责事项信息表<p>第 {number} 版 {day}</section><section></section>"
    contents = f"<section><h1>目录</h1><table><thead>{head}</thead><tbody>{lines}</tbody></table></section><section></section>"
    sheets = "".join(section(item) for category in data["categories"] for item in category["items"])
    return PAGE.format(title="天津市贸促分会国际联络部职责清单", body=cover + contents + sheets)


def section(item: dict[str, Any]) -> str:
    """Title, table, code and edition of a sheet."""
    cells = [[html.escape(part) for part in parts] for parts in cells_of(item)]
    rows = [("序号", [item["code"]]), *zip(ROWS, cells, strict=True)]
    lines = "".join(f'<tr><th scope="row">{name}<td>{"".join(f"<p>{part}" for part in parts)}' for name, parts in rows)
    edition = f"<p>第 {item['sheet']['edition']} 版 {item['sheet']['recorded_at'][:10]} 录入本站" if item["sheet"] else ""
    foot = f'<footer><img src="{code_of(item["url"])}" alt="本事项网页的二维码"><p>扫码查看现行版本{edition}</footer>'
    return f'<section id="d{item["code"]}"><p>职责事项信息表<h1>{html.escape(heading(item))}</h1><table>{lines}</table>{foot}</section>'


def code_of(text: str) -> str:
    """A QR code as the address of a picture."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=4, border=4)
    return f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"


def heading(item: dict[str, Any]) -> str:
    found: str = (item["sheet"] and (item["sheet"]["heading"] or item["sheet"]["cells"]["name"])) or item["contents"]["name"]
    return found


def cells_of(item: dict[str, Any]) -> list[list[str]]:
    """The paragraphs of each cell, as the sheets of the portal have them."""
    found = item["sheet"]
    if not found:
        return [[item["contents"]["name"]], ["信息表未随源文件提供"], *[[""]] * 6]
    contact = found["supervision"]
    lists = {
        "legal_basis": [(f"{basis['number']}." if basis["number"] else "") + basis["text"] for basis in found["legal_bases"]],
        "process": [(f"{step['number']}." if step["number"] else "") + step["text"] for step in found["steps"]],
        "supervision": [f"电话：{contact['phone']}", f"地址：{contact['address']}", f"邮箱：{contact['email']}"],
    }
    return [lists.get(name) or [text] for name, text in found["cells"].items()]
