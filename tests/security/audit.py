"""Known holes in what is installed beside aimu, by `tox run -e audit`. What cannot be looked up fails."""

import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """The exit status of pip-audit over all that is installed here, except ourselves."""
    frozen = [sys.executable, "-m", "pip", "freeze", "--all", "--exclude", "aimu"]
    listed = subprocess.run(frozen, capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "installed.txt")
        file.write_text(listed)
        words = ["--strict", "--no-deps", "--disable-pip", "--progress-spinner", "off", "--requirement", str(file)]
        return subprocess.run([sys.executable, "-m", "pip_audit", *words, *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
