"""Requests made from the schema itself, for curl: each field that OTLP names is set, each alternative of each choice is there.

Three resources carry the same tree, with values that all differ, with the largest, and with the smallest of their kind.
"""
import itertools

from google.protobuf.descriptor import FieldDescriptor as F

import otlp

_LARGEST = {F.TYPE_FIXED64: 2**64 - 1, F.TYPE_UINT64: 2**64 - 1, F.TYPE_SFIXED64: 2**63 - 1, F.TYPE_INT64: 2**63 - 1, F.TYPE_FIXED32: 2**32 - 1,
            F.TYPE_UINT32: 2**32 - 1, F.TYPE_SINT32: 1000, F.TYPE_INT32: 2**31 - 1, F.TYPE_DOUBLE: float("inf"), F.TYPE_BOOL: True}
_SMALLEST = {F.TYPE_SFIXED64: -2**63, F.TYPE_INT64: -2**63, F.TYPE_SINT32: -1000, F.TYPE_INT32: -2**31, F.TYPE_DOUBLE: float("-inf")}
_DEEP = 2  # how far lists and maps are nested in one another


class _Filler:
    def __init__(self, look, without=()):
        self.look = look  # "distinct", "largest" or "smallest"
        self.without = without  # names of fields that are left alone
        self.count = itertools.count(1)

    def scalar(self, field):
        n = next(self.count)
        if field.type == F.TYPE_STRING:
            return {"distinct": "%s-%d \u00e9<&>" % (field.name, n), "largest": "\U0001f680\u2028\t\"\\" * 40, "smallest": ""}[self.look]
        if field.type == F.TYPE_BYTES:
            size = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}.get(field.name)
            if size:
                return {"distinct": n.to_bytes(size, "big"), "largest": b"\xff" * size, "smallest": b""}[self.look]
            return {"distinct": b"\x00\xfe%d" % n, "largest": bytes(range(256)), "smallest": b""}[self.look]
        if field.type == F.TYPE_ENUM:
            values = [v.number for v in field.enum_type.values]
            return {"distinct": values[n % len(values)], "largest": max(values), "smallest": min(values)}[self.look]
        if self.look == "largest":
            return _LARGEST[field.type]
        if self.look == "smallest":
            return _SMALLEST.get(field.type, 0)
        if field.type == F.TYPE_DOUBLE:
            return float("nan") if n % 50 == 0 else n + 0.5
        if field.type == F.TYPE_FIXED64 and "time" in field.name:
            return 1700000000000000000 + n
        if field.type == F.TYPE_SINT32:
            return n % 7 - 3
        return bool(n % 2) if field.type == F.TYPE_BOOL else n

    def fill(self, message, choices, deep=0):
        """Sets all fields; `choices` names the member to set of each choice, with None for none of them."""
        for field in message.DESCRIPTOR.fields:
            if field.name.endswith("_strindex") or field.name in self.without:
                continue  # for profiles, whose strings stand in a table
            one_of = field.containing_oneof
            if one_of is not None and len(one_of.fields) > 1 and choices.get(one_of.full_name) != field.name:
                continue
            if field.type == F.TYPE_MESSAGE:
                if otlp._is_list(field):
                    self.fill_list(getattr(message, field.name), field.message_type, deep)
                else:
                    getattr(message, field.name).SetInParent()
                    self.fill(getattr(message, field.name), self.first(field.message_type), deep)
            elif otlp._is_list(field):
                getattr(message, field.name).extend([self.scalar(field) for _ in range(3)])
            else:
                setattr(message, field.name, self.scalar(field))

    def alternatives(self, kind):
        """The ways to fill a message of this type: one for each member of its choice, and one with none of them."""
        for one_of in kind.oneofs:
            if len(one_of.fields) > 1:
                members = [f.name for f in one_of.fields if not f.name.endswith("_strindex")]
                return [{one_of.full_name: name} for name in members + [None]]
        return [{}]

    def first(self, kind):
        return self.alternatives(kind)[0]

    def fill_list(self, target, kind, deep):
        if kind.name == "KeyValue":
            for choice in self.alternatives(kind.fields_by_name["value"].message_type):
                if self.nests(choice) and deep >= _DEEP:
                    continue
                entry = target.add()
                entry.key = "%s.%d" % (self.look, next(self.count))
                entry.value.SetInParent()
                self.fill(entry.value, choice, deep + 1)
            return
        for choice in self.alternatives(kind):
            if not (self.nests(choice) and deep >= _DEEP):
                self.fill(target.add(), choice, deep + (kind.name == "AnyValue"))

    def nests(self, choice):
        return bool({"array_value", "kvlist_value"} & set(choice.values()))


def fill_once(message):
    """Each field and alternative, without lists and maps in one another."""
    _Filler("distinct").fill(message, {}, _DEEP)


# The reference's JSON reader does not know this field, and ours reads the same (conformance/gaps.md).
NOT_IN_JSON = ("zero_threshold",)


def request(signal, run, without=()):
    message = otlp.REQUEST[signal]()
    for look in ("distinct", "largest", "smallest"):
        filler, part = _Filler(look, without), otlp.REQUEST[signal]()
        filler.fill(part, {})
        message.MergeFrom(part)
    for resource in getattr(message, otlp.TREE[signal][0]):
        name = resource.resource.attributes.add()
        name.key, name.value.string_value = otlp.RUN, run
    return message
