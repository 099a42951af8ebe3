"""Functions as Lambda would have them, ours as `sam build` makes it and the peers', all with compiled bytecode."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from local.build import built_bundle
from local.places import ROOT, local_folder
from local.progress import elapsed_time_printer
from tests.bench.stores import Stores
from tests.runtime.emulator import Artifact

VERSION = "{}.{}".format(*sys.version_info)
PEERS = ROOT / "tests" / "bench" / "peers"
UV = os.environ.get("UV") or ROOT / ".venv" / "bin" / "uv"
ENVIRONMENT = {
    "TABLE_NAME": "messages",
    "MEDIA_BUCKET": "media",
    "SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:bench",
    "CALLBACK_ENCODING": "auto",
    "RAW_DAYS": "7",
    "RETENTION_DAYS": "0",
    "OPENMARKET_ENDPOINTS": "https://mms.openmarket.com",
    "MT_CONFIG": "default",
    "LINK_HOSTS": "",
    "MAX_MESSAGE_BYTES": "1000000",
    "SEND_WINDOW_HOURS": "24",
    "LONGEST_WINDOW_SECONDS": "86400",
    "SEND_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/send",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/dead",
    "CALL_SECONDS": "30",
    "CONNECT_SECONDS": "5",
    "BACKOFF_SECONDS": "900",
    "PLAIN_HTTP": "false",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "MmsGateway",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    "AWS_LAMBDA_FUNCTION_TIMEOUT": "8",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
"""What the template would tell the functions; no AWS is asked with it."""


def environment(stores: Stores) -> dict[str, str]:
    """The environment of a function that finds AWS in the `stores`."""
    return {**ENVIRONMENT, "AWS_ENDPOINT_URL": stores.url, "AWS_CA_BUNDLE": str(stores.ca_bundle)}


class Artifacts:
    """Ours and theirs, each built when it is first asked for; copies go to `folder`."""

    def __init__(self, folder: Path, stores: Stores) -> None:
        self._folder = folder
        self._environment = environment(stores)

    def ours(self, function: str) -> Artifact:
        """The function with this logical id in the template, built for this Python on this machine."""
        bundle = _bundle()
        layers = self._folder / "ours"
        if not layers.exists():
            for layer in ("GatewayLayer", "DependenciesLayer"):
                shutil.copytree(bundle / layer, layers, dirs_exist_ok=True)
        code = bundle / function
        (module,) = code.glob("*.py")
        return self._artifact(code, layers, module.stem)

    def without_bytecode(self, function: str) -> Artifact:
        """The same with nothing compiled."""
        artifact = self.ours(function)
        bare = self._folder / f"bare-{function}"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(artifact.code, bare / "task", ignore=ignore)
        shutil.copytree(artifact.layers, bare / "opt", ignore=ignore)
        return replace(artifact, code=bare / "task", layers=bare / "opt")

    def peer(self, module: str) -> Artifact:
        """A peer with its packages."""
        return self._artifact(self._peers(), _peers_layer(), module)

    def floor(self, module: str) -> Artifact:
        """One of the peers on our own layers."""
        return self._artifact(self._peers(), self.ours("ReceiveCallback").layers, module)

    def _peers(self) -> Path:
        code = self._folder / "peers"
        if not code.exists():
            shutil.copytree(PEERS, code, ignore=shutil.ignore_patterns("__pycache__"))
            _compile(code)
        return code

    def _artifact(self, code: Path, layers: Path, module: str) -> Artifact:
        return Artifact(code=code, layers=layers, handler=f"{module}.handler", environment=self._environment)


def _bundle() -> Path:
    log = local_folder() / "bench-build.log"
    told = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"SAM_CLI_TELEMETRY": "0"}
    with built_bundle(told, log, elapsed_time_printer(), version=VERSION) as template:
        return template.parent


def _peers_layer() -> Path:
    """The peers' packages, as locked, in a folder of their own; made anew when the lock changes."""
    lock = ROOT / "locks" / "peers.txt"
    layer = local_folder() / f"peers-{VERSION}"
    stamp = layer / "made-of"
    if not (stamp.exists() and stamp.read_text() == lock.read_text()):
        shutil.rmtree(layer, ignore_errors=True)
        install = f"pip install --quiet --require-hashes --only-binary :all: --python {sys.executable}".split()
        subprocess.run([UV, *install, "--target", layer / "python", "-r", lock], check=True)
        _compile(layer / "python")
        stamp.write_text(lock.read_text())
    return layer


def _compile(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder], check=True
    )
