"""OTLP messages for the test: requests by signal, the JSON form, names of what is in them, and a comparison field by field."""
import base64
import json
import math
import struct

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

SIGNALS = ("traces", "metrics", "logs")
REQUEST = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
}
RESPONSE = {
    "traces": trace_service_pb2.ExportTraceServiceResponse,
    "metrics": metrics_service_pb2.ExportMetricsServiceResponse,
    "logs": logs_service_pb2.ExportLogsServiceResponse,
}
METHOD = {
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "traces",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "logs",
}
# The repeated fields that lead from a request to its records.
TREE = {
    "traces": ("resource_spans", "scope_spans", "spans"),
    "metrics": ("resource_metrics", "scope_metrics", "metrics"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
}
IDS = ("traceId", "spanId", "parentSpanId")
RUN = "test.run"          # the resource attribute that says which run sent a request
TOUCHED = "test.touched"  # the resource attribute that the agent adds in the pipelines with a processor


def _ids(tree, convert):
    """The tree with each id converted: OTLP JSON writes ids in hex, the JSON form of protobuf in base64."""
    if isinstance(tree, list):
        return [_ids(v, convert) for v in tree]
    if isinstance(tree, dict):
        return {k: convert(v) if k in IDS else _ids(v, convert) for k, v in tree.items()}
    return tree


def from_json(signal, text):
    """The request of an OTLP JSON text. An unknown member, a number out of range or a bad id is a ValueError."""
    integer = lambda digits: -0.0 if digits == "-0" else int(digits)  # a double may be the minus zero, which an int can't
    tree = _ids(json.loads(text, parse_int=integer), lambda v: base64.b64encode(bytes.fromhex(v)).decode())
    return json_format.ParseDict(tree, REQUEST[signal]())


def to_json(message):
    """The OTLP JSON text of a request: ids in hex, enumerations as numbers."""
    tree = json_format.MessageToDict(message, use_integers_for_enums=True)
    return json.dumps(_ids(tree, lambda v: base64.b64decode(v).hex()))


def run_of(signal, message):
    """The name of the run that made the request, the empty string when it names none or several."""
    found = set()
    for resource in getattr(message, TREE[signal][0]):
        found.add("".join(a.value.string_value for a in resource.resource.attributes if a.key == RUN))
    return found.pop() if len(found) == 1 else ""


def records(signal, message):
    """All spans, metrics or log records of a request."""
    top, scopes, leaves = TREE[signal]
    return [leaf for r in getattr(message, top) for s in getattr(r, scopes) for leaf in getattr(s, leaves)]


def untouched(signal, message):
    """A copy without the attribute that the agent was told to add, which must be there once per resource."""
    copy = type(message)()
    copy.CopyFrom(message)
    for resource in getattr(copy, TREE[signal][0]):
        attributes = resource.resource.attributes
        at = [i for i, a in enumerate(attributes) if a.key == TOUCHED and a.value.string_value == "yes"]
        if len(at) != 1:
            raise ValueError("the attribute %s is there %d times" % (TOUCHED, len(at)))
        del attributes[at[0]]
    return copy


def key(message):
    """What requests and the parts of a request are sorted by before they are compared."""
    return message.SerializeToString(deterministic=True)


def _scalar(value):
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("<d", value)
    return value


def _is_list(field):
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == FieldDescriptor.LABEL_REPEATED


def _fill(message):
    """Sets the embedded messages that an encoder may write as empty or leave out: absent and empty mean the same."""
    for field in message.DESCRIPTOR.fields:
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            continue
        if _is_list(field):
            for part in getattr(message, field.name):
                _fill(part)
        elif field.containing_oneof is None:
            getattr(message, field.name).SetInParent()
            _fill(getattr(message, field.name))
        elif message.HasField(field.name):
            _fill(getattr(message, field.name))


def filled(message):
    copy = type(message)()
    copy.CopyFrom(message)
    _fill(copy)
    return copy


def differences(sent, came, path=""):
    """Yields one line for each field that is not the same, named by its path from the request."""
    for field in sent.DESCRIPTOR.fields:
        name = path + ("." if path else "") + field.name
        if _is_list(field):
            a, b = getattr(sent, field.name), getattr(came, field.name)
            if len(a) != len(b):
                yield "%s: sent %d, came %d" % (name, len(a), len(b))
            for i, (x, y) in enumerate(zip(a, b)):
                if field.type == FieldDescriptor.TYPE_MESSAGE:
                    yield from differences(x, y, "%s[%d]" % (name, i))
                elif _scalar(x) != _scalar(y):
                    yield "%s[%d]: sent %r, came %r" % (name, i, x, y)
            continue
        if field.has_presence:
            x, y = sent.HasField(field.name), came.HasField(field.name)
            if x != y:
                yield "%s: %s" % (name, "sent, did not come" if x else "not sent, but came")
                continue
            if not x:
                continue
        x, y = getattr(sent, field.name), getattr(came, field.name)
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            yield from differences(x, y, name)
        elif _scalar(x) != _scalar(y):
            yield "%s: sent %r, came %r" % (name, x, y)
    if not path and key(sent) != key(came) and "nan" not in repr(sent):
        if not any(True for _ in differences(sent, came, "request")):
            yield "fields that the schema does not name differ"


def blind_spots(message):
    """Yields the fields that can be cleared without `differences` saying so: what the comparison would not see."""
    original = type(message)()
    original.CopyFrom(message)

    def visit(part, path):
        for field, value in part.ListFields():
            name = path + ("." if path else "") + field.name
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                for i, inner in enumerate(value if _is_list(field) else [value]):
                    yield from visit(inner, "%s[%d]" % (name, i) if _is_list(field) else name)
                continue
            kept = list(value) if _is_list(field) else value
            part.ClearField(field.name)
            if not any(True for _ in differences(original, message)):
                yield name
            if _is_list(field):
                getattr(part, field.name).extend(kept)
            else:
                setattr(part, field.name, kept)

    yield from visit(message, "")
