"""The baseline of printing: WeasyPrint as it is used without further thought. A process that is warm and prints what it is told.

System fonts (Noto CJK), an ordinary table, a new font configuration for each document. Reads one JSON text of HTML a line, answers
with seconds, CPU seconds and bytes.
"""

import json
import sys
import time

from weasyprint import HTML

for line in sys.stdin:
    begun, begun_cpu = time.perf_counter(), time.process_time()
    body = HTML(string=json.loads(line)).write_pdf()
    print(json.dumps([time.perf_counter() - begun, time.process_time() - begun_cpu, len(body)]), flush=True)
