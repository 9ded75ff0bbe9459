"""docs/chain.md is true: every method and its mode, every failing conformance file, an example that runs."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from node.chain.rpc import method_table
from tests.node.chain.test_execution_apis import FAILING

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "chain.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+_\w+)` \| (always|`--dev`|WebSocket) \| (.+) \|$", re.MULTILINE)


def test_every_method_is_listed_with_its_mode_and_a_line() -> None:
    rows = ROW.findall(PAGE)
    listed = {name: mode for name, mode, _ in rows}
    assert len(listed) == len(rows), "no method twice"
    always = dict.fromkeys(method_table(), "always")
    development = dict.fromkeys(method_table(for_development=True), "`--dev`")
    streams = dict.fromkeys(("eth_subscribe", "eth_unsubscribe"), "WebSocket")
    assert listed == development | always | streams
    assert all(len(line) >= 10 and line.endswith(".") for _, _, line in rows)


def test_every_method_is_tested() -> None:
    """By one of its names: some are the same function under several."""
    here = Path(__file__)
    texts = [path.read_text() for path in (*here.parent.glob("test_*.py"), here.parent / "wallet_requests.json")]
    texts.remove(here.read_text())
    tested = set(re.findall(r'"(\w+_\w+)"', "\n".join(texts)))
    names = defaultdict(list)
    for name, method in method_table(for_development=True).items():
        names[method.run].append(name)
    assert [same for same in names.values() if not tested & set(same)] == []


def test_the_failing_files_are_the_real_ones_with_their_reasons() -> None:
    listed = dict(re.findall(r"^\| `(\w+/[\w-]+\.io)` \| (.+) \|$", PAGE, re.MULTILINE))
    assert {file: reason.lower() for file, reason in listed.items()} == {
        file: reason.lower() for file, reason in FAILING.items()
    }


def test_the_eth_tester_example_runs_as_it_stands(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "test_example.py"
    file.write_text(example)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(
        [*command, str(file)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert "3 passed" in ran.stdout, ran.stdout + ran.stderr
