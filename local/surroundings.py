"""What the caller's environment must not do to the local stack, and what it must allow."""

import os
import tempfile

from local.progress import LocalStackError

LOOPBACK = ("127.0.0.1", "localhost")


def settle_surroundings() -> None:
    """Change this process's environment so that loopback bypasses proxies and no real AWS account is in reach.

    LocalStackError if no file can be made under TMPDIR: Python would silently take another folder.
    """
    _bypass_proxies()
    _forget_aws_accounts()
    _try_temporary_folder()


def _bypass_proxies() -> None:
    # Proxies as such stay: `sam build` gets packages through them.
    exempt = (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(",")
    if "*" not in exempt:
        exempt = [each for each in exempt if each not in {"", *LOOPBACK}] + list(LOOPBACK)
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(exempt)


def _forget_aws_accounts() -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def _try_temporary_folder() -> None:
    if folder := os.environ.get("TMPDIR"):
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            raise LocalStackError(
                f"TMPDIR is {folder}, and no file can be made there ({error.strerror}). Make that folder, or set "
                "TMPDIR to another one."
            ) from error
