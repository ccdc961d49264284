"""Much at once: nothing lost, not too many requests, the memory bounded.

A tenth of what `scripts/soak` does, and no time measured: that says something only where nothing
else runs.
"""

from pathlib import Path
import re
import subprocess
import sys

ROOT = Path(__file__).parents[1]


def test_load() -> None:
    """1,000 statuses, 200 messages, 500 forgeries, 50 automations."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.load", "--scale", "0.1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = done.stdout

    def figure(name: str) -> int:
        found = re.search(rf"'{name}': (\d+)", figures)
        assert found, figures
        return int(found[1])

    assert (figure("final statuses"), figure("inbound")) == (500, 200)
    seconds = re.search(r"in (\d+) s;", figures)
    assert seconds
    # At most one read a second of each kind, some pages of 1,000 ids, and what goes on behind.
    reads = re.findall(r"reads \{'check': (\d+), 'inbound': (\d+)", figures)[0]
    assert max(map(int, reads)) <= 2 * (int(seconds[1]) + 20)
    assert figure("pending") == figure("kept events") == 0
    assert figure("early") <= 1000
    # What is left is less than an object a message.
    before, after = map(int, re.findall(r"objects \[(\d+), (\d+)\]", figures)[0])
    assert after - before < figure("messages")
