"""What the debug exporter printed, without what differs from run to run."""
import datetime
import json
import re
import time

from kit.rows import NOW_WINDOW


LOGLINE = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d{4})\t(debug|info|warn|error|dpanic|panic|fatal)\t", re.M)
STAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?: \+0000 UTC|Z)")


def stamp_now(m):
    t = m.group(0)
    try:
        base = datetime.datetime.strptime(t[:19].replace("T", " "), "%Y-%m-%d %H:%M:%S")
        if abs(base.replace(tzinfo=datetime.timezone.utc).timestamp() - time.time()) < NOW_WINDOW:
            return "NOW"
    except ValueError:
        pass
    return t


def debug_text(stderr, stdout, name, sort_attributes):
    """The text that the debug exporter wrote, without the collector's own log prefix and fields."""
    chunks = []
    starts = [m.start() for m in LOGLINE.finditer(stderr)] + [len(stderr)]
    for a, b in zip(starts, starts[1:]):
        entry = stderr[a:b].rstrip("\n")
        parts = entry.split("\t", 2)[2]
        # the caller, when the line has one, then the message, then a JSON object of fields
        m = re.match(r"[\w@./-]+\.go:\d+\t", parts)
        if m:
            parts = parts[m.end():]
        at = parts.rfind("\t{")
        fields = {}
        if at >= 0:
            try:
                fields = json.loads(parts[at + 1:])
                parts = parts[:at]
            except ValueError:
                pass
        kind = fields.get("otelcol.component.kind", fields.get("kind", ""))
        cid = fields.get("otelcol.component.id", fields.get("name", ""))
        if str(kind).lower() != "exporter" or cid != name:
            continue
        if parts.startswith("Development component") or parts.startswith("Beta component"):
            continue
        extra = {k: v for k, v in fields.items()
                 if k not in ("resource", "kind", "name", "data_type") and not k.startswith("otelcol.")}
        text = parts.rstrip("\n")
        if extra:
            text += "\t" + json.dumps(extra, sort_keys=True, ensure_ascii=False)
        chunks.append(text)
    if stdout.strip():
        chunks.append("--- stdout\n" + stdout.rstrip("\n"))
    text = STAMP.sub(stamp_now, "\n".join(chunks))
    text = re.sub(r"^(ObservedTimestamp: ).*$", r"\1<observed>", text, flags=re.M)
    if sort_attributes:
        out, run = [], []
        for line in text.split("\n"):
            if line.startswith("     -> "):
                run.append(line)
                continue
            out += sorted(run) + [line]
            run = []
        text = "\n".join(out + sorted(run))
    return text + "\n"
