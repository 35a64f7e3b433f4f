from __future__ import annotations

import sys
from pathlib import Path

import pytest

USAGE = Path(__file__).with_name("typed_usage.py")


@pytest.mark.timeout(300)
def test_a_strict_type_checker_understands_annotations(tmp_path: Path, mypy_cache: Path) -> None:
    """``--strict`` also finds an expected error that does not occur."""
    api = pytest.importorskip("mypy.api", reason="needs mypy, which `make lint` installs")
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\n")
    output, errors, status = api.run(
        [
            *(str(USAGE), "--config-file", str(config)),
            *("--cache-dir", str(mypy_cache), "--python-executable", sys.executable),
        ]
    )
    assert (output, errors, status) == ("Success: no issues found in 1 source file\n", "", 0)
