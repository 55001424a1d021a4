#!/usr/bin/env python3
"""The checks see what they are for: each is shown something wrong and something right."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_components
import check_docs
import check_includes
import check_schema
import check_sources


class Includes(unittest.TestCase):
    def refused(self, path, header):
        return check_includes.check_file(path, header) is not None

    def test_rooms(self):
        self.assertTrue(self.refused("libotelpipe/src/base/status.cc", "otelpipe/pdata/batch.h"))
        self.assertTrue(self.refused("libotelpipe/src/pdata/batch.cc", "otelpipe/component/component.h"))
        self.assertTrue(self.refused("libotelpipe/src/graph/graph.cc", "service/service_impl.h"))
        self.assertFalse(self.refused("libotelpipe/src/service/service.cc", "graph/graph.h"))
        self.assertFalse(self.refused("libotelpipe/src/operator/entry.cc", "otelpipe/timeparse/duration.h"))
        self.assertTrue(self.refused("libotelpipe/src/operator/entry.cc", "shared/http/url.h"))

    def test_foreign_types(self):
        self.assertTrue(self.refused("libotelpipe/include/otelpipe/config.h", "yaml-cpp/yaml.h"))
        self.assertTrue(self.refused("libotelpipe/include/otelpipe/pdata/batch.h", "google/protobuf/message.h"))
        self.assertTrue(self.refused("libotelpipe/src/service/service.cc", "yaml-cpp/yaml.h"))
        self.assertTrue(self.refused("libotelpipe/src/service/service.cc", "grpcpp/grpcpp.h"))
        self.assertFalse(self.refused("libotelpipe/src/config/yaml_reader.cc", "yaml-cpp/yaml.h"))

    def test_targets(self):
        self.assertIsNotNone(check_includes.lacks_target("components/a/a.cc", "simdjson.h", "otelpipe_component(KIND a NAME a)"))
        self.assertIsNone(check_includes.lacks_target("components/a/a.cc", "simdjson.h", "DEPS simdjson::simdjson"))
        self.assertIsNone(check_includes.lacks_target("components/a/a.cc", "vector", ""))

    def test_components(self):
        self.assertTrue(self.refused("components/exporter/loki/loki.cc", "exporter/debug/text.h"))
        self.assertTrue(self.refused("components/exporter/loki/loki.cc", "graph/graph.h"))
        self.assertTrue(self.refused("components/shared/http/url.cc", "receiver/otlp/otlp_receiver.h"))
        self.assertFalse(self.refused("components/exporter/loki/loki.cc", "exporter/loki/hints.h"))
        self.assertFalse(self.refused("components/exporter/loki/loki.cc", "shared/http/http_client.h"))
        self.assertTrue(self.refused("examples/embed/main.cc", "shared/http/http_client.h"))


class Sources(unittest.TestCase):
    def words(self, path, text):
        return list(check_sources.word_problems(path, text))

    def test_words(self):
        self.assertTrue(self.words("a.cc", "int x;  // a stub\n"))
        self.assertTrue(self.words("a.md", "Not implemented.\n"))
        self.assertTrue(self.words("a.cc", "// TODO: later\n"))
        self.assertFalse(self.words("a.cc", "// TODO(#12): later\n"))
        self.assertFalse(self.words("a.cc", 'grpc::GenericStub stub(channel);\ncase 501: return "Not Implemented";\n'))
        self.assertFalse(self.words("a.cc", 'f("http://stub");\n'))

    def test_form(self):
        def found(path, text):
            return list(check_sources.code_problems(path, text))
        self.assertFalse(found("a.cc", "int x;\n"))
        self.assertTrue(found("a.cc", "// caf\u00e9\n"))
        self.assertTrue(found("a.cc", "int x; \n"))
        self.assertTrue(found("a.cc", "int x;\n" * 601))
        self.assertTrue(found("a.h", "// A.\nint x;\n"))
        self.assertFalse(found("a.h", "// A.\n#pragma once\n"))


class Docs(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        with open(self.dir.name + "/a.cc", "w") as f:
            f.write("int a;\n  int b;\nint c;\n")
        with open(self.dir.name + "/b.md", "w") as f:
            f.write("# One `two` thing\n")

    def tearDown(self):
        self.dir.cleanup()

    def code(self, body, above="<!-- from: a.cc -->"):
        return list(check_docs.code_problems(self.dir.name, "docs/x.md", "%s\n```cpp\n%s\n```\n" % (above, body)))

    def links(self, text):
        return list(check_docs.link_problems(self.dir.name, "b.md", text))

    def test_code(self):
        self.assertFalse(self.code("int a;\n// ...\nint c;"))
        self.assertTrue(self.code("int c;\nint a;"))
        self.assertTrue(self.code("int d;"))
        self.assertTrue(self.code("int a;", above="Some text."))

    def test_links(self):
        self.assertFalse(self.links("[x](a.cc) [y](b.md#one-two-thing) [z](https://example.com/none) `[q](none)`"))
        self.assertTrue(self.links("[x](none.md)"))
        self.assertTrue(self.links("[x](b.md#three)"))


class Components(unittest.TestCase):
    def test_metadata(self):
        data = check_components.metadata("type: x\nkind: receiver\naliases: []\nstability:\n  beta: [logs, traces]\nsecurity: none\n")
        self.assertEqual(data["type"], "x")
        self.assertEqual(data["stability"], {"beta": ["logs", "traces"]})
        self.assertEqual(check_components.metadata("stability: {logs: beta, traces: alpha}\n")["stability"], {"beta": ["logs"], "alpha": ["traces"]})
        self.assertEqual(check_components.metadata("stability:\n  logs: beta\n  traces: beta\n")["stability"], {"beta": ["logs", "traces"]})

    def test_schema(self):
        schema = {"properties": {"a": {}, "b": {"properties": {"c": {}}}}}

        def found(table):
            return list(check_schema.problems_of("receiver/x", schema, "## Configuration\n\n| key | meaning |\n|---|---|\n%s\n\n## Examples\n" % table))
        self.assertFalse(found("| `a` | |\n| `b.c` | |"))
        self.assertTrue(found("| `a` | |"))
        self.assertTrue(found("| `a` | |\n| `b.d` | |"))
        self.assertTrue(found("| `a`, `b`, `z` | |"))
        self.assertFalse(found("| `a`, ... | |"))


if __name__ == "__main__":
    unittest.main()
