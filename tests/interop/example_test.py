"""Every command of docs/pytorch.md, as it stands there."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import BUILD, REPOSITORY


def commands():
    with open(os.path.join(REPOSITORY, "docs", "pytorch.md"), encoding="utf-8") as page:
        blocks = re.findall(r"```sh\n(.*?)```", page.read(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


class Page(unittest.TestCase):
    def test_commands(self):
        self.assertGreaterEqual(len(commands()), 6)
        with tempfile.TemporaryDirectory() as scratch:
            for name in ("docs", "tools"):  # runs/ lands beside them
                shutil.copytree(os.path.join(REPOSITORY, name), os.path.join(scratch, name))
            output = {}
            for line in commands():
                program, *arguments = line.split()
                front = [sys.executable, program] if program.endswith(".py") else [os.path.join(BUILD, program)]
                more = ["--quiet", "--format", "csv"] if "simulate" in arguments else []
                done = subprocess.run([*front, *arguments, *more], cwd=scratch, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 0, f"{line}: {done.stderr.decode()}")
                output[arguments[0]] = done.stdout.decode()
            header, *lines = output["simulate"].splitlines()
            column = header.split(",").index("log_growth")
            below, above = (float(line.split(",")[column]) for line in lines)
            self.assertLess(below, 0)
            self.assertGreater(above, 0)
            for run in ("pytorch-verify", "network-verify"):
                self.assertTrue(os.path.getsize(os.path.join(scratch, "runs", run, "figures", "thresholds.pdf")))


if __name__ == "__main__":
    unittest.main()
