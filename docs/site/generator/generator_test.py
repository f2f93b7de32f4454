# SPDX-License-Identifier: MIT
"""Tests what the generator makes of comments and declarations, and that its checks find faults."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import check
import comments
import derived
import highlighting
import manuals
import signatures


class Comments(unittest.TestCase):
    def test_are_cut_at_their_labels(self):
        lines = [
            "wait4(2): waits.",
            "",
            "Errors:",
            "  ECHILD: no child.",
            "  EINTR, EINVAL: other",
            "    things.",
            "Blocks: until then.",
        ]
        found = comments.parts(lines)
        self.assertEqual(found[""], [("text", "wait4(2): waits.")])
        self.assertEqual(
            found["Errors"],
            [("terms", [("ECHILD", "no child."), ("EINTR, EINVAL", "other things.")])],
        )
        self.assertEqual(found["Blocks"], [("text", "until then.")])

    def test_have_code_and_lists(self):
        found = comments.parts(
            ["First.", "", "    use(it);", "", "    again();", "", "- one", "  more", "- two"]
        )
        self.assertEqual(
            found[""],
            [("text", "First."), ("code", "use(it);\n\nagain();"), ("list", ["one more", "two"])],
        )


class Declarations(unittest.TestCase):
    def declaration(self, text):
        return signatures.Source("a.hpp", text).declaration(1, True)[0]

    def test_end_before_their_bodies(self):
        self.assertEqual(
            self.declaration("int one() noexcept { return 1; }\n"), "int one() noexcept;"
        )
        self.assertEqual(self.declaration("explicit A(int i) : i_{i} {}\n"), "explicit A(int i);")
        self.assertEqual(
            self.declaration("int f(A a = A{1}, char c = '(');\n"),
            "int f(A a = A{1}, char c = '(');",
        )

    def test_keep_what_a_template_requires(self):
        text = "template <class T>\n  requires requires(T& t) { t.x(); }\nvoid f(T& t) { t.x(); }\n"
        self.assertEqual(
            self.declaration(text), text.split(" { t.x(); }\n")[0] + " { t.x(); }\nvoid f(T& t);"
        )

    def test_lose_the_macros_of_the_library(self):
        self.assertEqual(
            self.declaration("SYSFD_API int get() const SYSFD_LIFETIMEBOUND;\n"), "int get() const;"
        )

    def test_begin_with_their_attributes(self):
        source = signatures.Source("a.hpp", "int before;  // of it\n[[nodiscard]]\nint f();\n")
        self.assertEqual(source.first_line(3), 2)

    def test_are_told_apart_in_one_line(self):
        self.assertEqual(
            derived.short("[[nodiscard]] static Result<> f(\n    int signo);"),
            "Result<> f(int signo)",
        )


class Writing(unittest.TestCase):
    def test_escapes_code(self):
        shown = highlighting.highlight(
            'if (a < b) f("<");  // <c>', lambda name, is_called: "f.html" if name == "f" else None
        )
        self.assertIn("a &lt; b", shown)
        self.assertIn('<a href="f.html">f</a>', shown)
        self.assertIn('<span class="comment">// &lt;c&gt;</span>', shown)

    def test_escapes_lines_that_roff_would_take_for_requests(self):
        self.assertEqual(manuals.escape(".stdin_from(-1)\n'x"), "\\&.stdin_from(\\-1)\n\\(aqx")


class Checks(unittest.TestCase):
    def errors(self, **pages):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            for name, text in pages.items():
                (pathlib.Path(folder) / f"{name}.html").write_text(text, "utf-8")
            return list(check.errors_of_links(pathlib.Path(folder)))

    def test_find_no_fault_in_a_page_that_has_none(self):
        self.assertEqual(
            self.errors(
                a='<p id="x"><a href="b.html#y">b</a></p>',
                b='<p id="y"><a href="a.html">a</a><br></p>',
            ),
            [],
        )

    def test_find_links_to_what_is_not_there(self):
        self.assertEqual(self.errors(a='<a href="b.html">b</a>'), ["a.html: no such file: b.html"])
        self.assertEqual(self.errors(a='<a href="#x">x</a>'), ["a.html: no such place: #x"])

    def test_find_tags_and_ids_that_are_wrong(self):
        self.assertIn("a.html: <p> is not closed", self.errors(a='<p><a href="a.html">a</a>'))
        self.assertIn(
            "a.html: two elements have the id x",
            self.errors(a='<a id="x" href="#x">a</a><b id="x"></b>'),
        )
        self.assertIn(
            "a.html: an image has no alternative text",
            self.errors(a='<a href="a.html"><img src="a.html"></a>'),
        )


if __name__ == "__main__":
    unittest.main()
