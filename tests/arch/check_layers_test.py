#!/usr/bin/env python3
# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""Breaks a small tree in each way that check_layers.py knows and sees that it is noticed."""

import os
import subprocess
import sys
import tempfile
import unittest

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_layers.py")
HEAD = "// SPDX-FileCopyrightText: the quern authors\n// SPDX-License-Identifier: Apache-2.0\n"
MESON_HEAD = HEAD.replace("//", "#")
README = "line\n" * 12


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for layer in ("support", "yaml", "archive", "recipe"):
            self.put(f"src/{layer}/README.md", README)
            self.put(f"src/{layer}/meson.build", MESON_HEAD + "'node.cpp', 'error.cpp', 'x.cpp'\n")
        self.put("include/quern/error.hpp", HEAD + "#pragma once\n#include <string>\n")
        self.put("include/quern/recipe.hpp", HEAD + '#include "quern/error.hpp"\n')
        self.put("src/support/error.cpp", HEAD + '#include "quern/error.hpp"\n#include <fmt/format.h>\n')
        self.put("src/yaml/node.cpp", HEAD + '#include "support/text.hpp"\n#include <yaml.h>\n')
        self.put("tests/unit/yaml/node_test.cpp", HEAD + '#include "yaml/node.hpp"\n')

    def put(self, path, text):
        whole = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)

    def check(self):
        command = [sys.executable, CHECK, self.folder.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.splitlines()

    def expect(self, *violations):
        status, lines = self.check()
        self.assertEqual(len(lines), len(violations), lines)
        for line, violation in zip(lines, violations):
            self.assertIn(violation, line)
        self.assertEqual(status, 1 if violations else 0)

    def put_code(self, code, path="src/yaml/node.cpp"):
        self.put(path, HEAD + code)

    def test_whole_tree(self):
        self.expect()

    def test_upward_include(self):
        self.put_code('#include "recipe/decode.hpp"\n')
        self.expect('src/yaml/node.cpp:3: yaml may not include "recipe/decode.hpp" of recipe')

    def test_upward_public_include(self):
        self.put_code('#include "quern/recipe.hpp"\n')
        self.expect('yaml may not include "quern/recipe.hpp" of recipe')

    def test_sideways_include(self):
        self.put_code('#  include "archive/tar_reader.hpp"\n')
        self.expect("yaml may not include")

    def test_include_in_a_comment(self):
        self.put_code('// #include "recipe/decode.hpp"\n')
        self.expect()

    def test_unknown_layer(self):
        self.put_code("", "src/magic/x.cpp")
        self.put("src/magic/README.md", README)
        self.put("src/magic/meson.build", MESON_HEAD + "'x.cpp'\n")
        self.expect("'magic' is not in the table")

    def test_third_party_header_out_of_place(self):
        self.put_code("#include <openssl/evp.h>\n")
        self.expect("<openssl/evp.h> belongs in")

    def test_public_header_stays_clean(self):
        self.put_code('#include "support/text.hpp"\n#include <fmt/format.h>\n', "include/quern/error.hpp")
        self.expect("includes the private", "a public header includes <fmt/format.h>")

    def test_public_header_needs_a_layer(self):
        self.put_code("", "include/quern/magic.hpp")
        self.expect("is not in the table")

    def test_long_function(self):
        self.put_code("void f() {\n" + "    g();\n" * 60 + "}\n")
        self.expect("node.cpp:3: f has 62 lines")

    def test_long_function_with_a_reason(self):
        self.put_code("// NOLINTNEXTLINE(readability-function-size): a table\nvoid f() {\n" + "    g();\n" * 60 + "}\n")
        self.expect()

    def test_long_constructor_and_member(self):
        body = "    g();\n" * 60
        self.put_code(f"struct A {{\n    A(int a) : a_{{a}}, b_(1) {{\n{body}}}\n    int f() const noexcept {{\n{body}}}\n}};\n")
        self.expect("A has 62 lines", "f has 62 lines")

    def test_strings_and_comments_are_no_code(self):
        quotes = '    g("{ } \\" {", \'{\', R"x({ " )x", 1\'000);  // {{{\n'
        self.put_code("void f() {\n" + quotes * 10 + "}\nvoid h() {\n" + "    g();\n" * 70 + "}\n")
        self.expect("node.cpp:15: h has 72 lines")

    def test_too_many_parameters(self):
        self.put_code("void f(int a, std::map<int, int> b, int c, int d, int (*e)(int, int)) {\n}\n")
        self.expect()
        self.put_code("void f(int a, int b, int c, int d, int e, int g = h(1, 2)) {\n}\n")
        self.expect("f has 6 parameters")

    def test_long_files(self):
        self.put_code("\n" * 499)
        self.put_code("#pragma once\n" + "\n" * 249, "src/yaml/node.hpp")
        self.expect("src/yaml/node.cpp:501: 501 lines", "src/yaml/node.hpp:252: 252 lines")

    def test_many_includes(self):
        self.put_code("".join(f'#include "support/a{i}.hpp"\n' for i in range(21)))
        self.expect("includes 21 headers")

    def test_licence_lines(self):
        self.put("src/yaml/node.cpp", "// SPDX-License-Identifier: Apache-2.0\n")
        self.expect("no line 'SPDX-FileCopyrightText:'")

    def test_empty_names(self):
        self.put_code("", "src/yaml/node_utils.hpp")
        self.expect("name the job")

    def test_readme(self):
        self.put("src/yaml/README.md", "short\n")
        os.remove(os.path.join(self.folder.name, "src/recipe/README.md"))
        self.expect("src/recipe/README.md:1: missing", "src/yaml/README.md:1: 1 lines")

    def test_source_that_is_not_built(self):
        self.put_code("", "src/yaml/forgotten.cpp")
        self.expect("src/yaml/forgotten.cpp:1: not listed in src/yaml/meson.build")


if __name__ == "__main__":
    unittest.main()
