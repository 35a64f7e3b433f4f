"""``python -m stdbpy.cli.completion [--check]``: writes the scripts; with ``--check``, fails if that changes one."""

from __future__ import annotations

import sys

from stdbpy.cli.completion.scripts import folder, stale, write_all
from stdbpy.replacing import replace_file


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: python -m stdbpy.cli.completion [--check]", file=sys.stderr)
        return 2
    scripts = write_all()
    changed = list(stale(scripts))
    for path in changed:
        if not arguments:
            folder().mkdir(exist_ok=True)
            replace_file(path, scripts[path.name].encode())
        print(f"{path.name} {'is stale: make completions' if arguments else 'written'}", file=sys.stderr)
    return 1 if arguments and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
