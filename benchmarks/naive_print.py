"""WeasyPrint as it is used without further thought, in a process that is warm: a new font configuration for each document.

Reads one JSON text of HTML a line, writes PDF/UA-1 as the portal does, and answers with its number of bytes.
"""

import json
import sys

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

for line in sys.stdin:
    body = HTML(string=json.loads(line)).write_pdf(font_config=FontConfiguration(), pdf_variant="pdf/ua-1")
    print(len(body), flush=True)
