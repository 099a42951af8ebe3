"""Where things lie on this machine."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".local" / "tools"
SAM = TOOLS / "sam" / "bin" / "sam"
MINISTACK_PYTHON = TOOLS / "ministack" / "bin" / "python"


def local_folder() -> Path:
    """The folder for stack.json, the build and all else that starts write; MMS_LOCAL_DIR moves it."""
    return Path(os.environ.get("MMS_LOCAL_DIR") or ROOT / ".local").resolve()
