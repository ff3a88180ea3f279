"""The page of a run in a real browser: laid out as meant, every figure visible, nothing fetched from elsewhere."""

import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from support import BUILD, run_brink

# Not part of the page, which has no script: the browser itself tells where it has put things.
MEASURE = """<script>
const box = e => { const r = e.getBoundingClientRect(); return {width: r.width, height: r.height, right: r.right}; };
const painted = e => [...e.querySelectorAll("path, text, circle")].map(box).filter(r => r.width > 0 || r.height > 0);
document.body.dataset.layout = JSON.stringify({
  view: document.documentElement.clientWidth,
  page: document.documentElement.scrollWidth,
  figures: [...document.querySelectorAll("figure svg")].map(e => ({...box(e), painted: painted(e).length})),
  tables: document.querySelectorAll("table").length,
});
</script>"""


class References(html.parser.HTMLParser):
    """What a page would fetch: all but links that a reader follows."""

    def __init__(self):
        super().__init__()
        self.fetched, self.titles = [], 0

    def handle_starttag(self, tag, attributes):
        self.titles += tag == "h1"
        for name, value in attributes:
            if tag in ("script", "link", "iframe", "object", "embed"):
                self.fetched.append(f"<{tag} {name}={value}>")
            elif name in ("src", "href", "xlink:href") and tag != "a" and not value.startswith(("data:", "#")):
                self.fetched.append(value)


def browser(directory, page, *, width):
    """The document after layout in a window of this width."""
    program = shutil.which("chromium")
    if program is None:
        raise AssertionError("chromium is not installed")
    done = subprocess.run(
        [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         f"--user-data-dir={os.path.join(directory, 'profile')}", f"--window-size={width},900", "--dump-dom",
         "file://" + page], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=True)
    return done.stdout.decode()


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        root = cls.directory.name
        cls.runs = [os.path.join(root, name) for name in ("thresholds", "regimes")]
        with open(os.path.join(root, "model.toml"), "w", encoding="utf-8") as file:
            file.write('[model]\nkind = "quadratic"\ndimension = 6\nexponent = 1.0\nsamples = 24\n')
        model = ("--config", os.path.join(root, "model.toml"), "--rule", "heavy-ball", "--momentum", "0,0.9")
        run_brink("threshold", *model, "--batch", "1,2,4,8,16,24", "--figures", "--bounds", "--out", cls.runs[0])
        run_brink("regimes", *model, "--out", cls.runs[1])
        for run in cls.runs:
            subprocess.run([os.path.join(BUILD, "brink"), "report", run, "--quiet"], check=True,
                           stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def test_page_is_whole(self):
        for run in self.runs:
            with open(os.path.join(run, "report.html"), encoding="utf-8") as file:
                references = References()
                references.feed(file.read())
            self.assertEqual(references.fetched, [])
            self.assertEqual(references.titles, 1)

    def test_layout(self):
        for run in self.runs:
            figures = sum(name.endswith(".svg") for name in os.listdir(os.path.join(run, "figures")))
            self.assertGreater(figures, 0)
            with open(os.path.join(run, "report.html"), encoding="utf-8") as file:
                page = file.read()
            measured = os.path.join(run, "measured.html")
            with open(measured, "w", encoding="utf-8") as file:
                file.write(page.replace("</body>", MEASURE + "</body>"))
            for width in (1280, 500):
                with self.subTest(run=os.path.basename(run), width=width):
                    document = browser(self.directory.name, measured, width=width)
                    layout = re.search(r'data-layout="([^"]*)"', document)
                    self.assertIsNotNone(layout, "the browser has laid the page out")
                    layout = json.loads(layout.group(1).replace("&quot;", '"'))
                    self.assertLessEqual(layout["page"], layout["view"], "wider than the window")
                    self.assertEqual(len(layout["figures"]), figures)
                    for figure in layout["figures"]:
                        self.assertGreater(figure["width"], 200)
                        self.assertGreater(figure["height"], 100)
                        self.assertLessEqual(figure["right"], layout["view"])
                        self.assertGreater(figure["painted"], 10)
                    self.assertGreater(layout["tables"], 0)
                    self.assertNotIn("NaN", re.sub(r"<script>.*?</script>", "", document, flags=re.S))


if __name__ == "__main__":
    unittest.main()
