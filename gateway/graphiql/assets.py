"""Fetches the files of the pages, GraphiQL and the inbox, from npm into folders that git ignores. Runs before anything is installed.

Without Node.js or the registry it prints one line and succeeds: only the pages need these files.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
INBOX = HERE.parent / "inbox"
FOLDER = HERE / "npm"

PATIENCE_S = 180


class FetchError(Exception):
    """Why the files could not be fetched, in one line."""


def pinned(home: Path = HERE) -> dict[str, str]:
    """Exact version by package, from the page's package.json."""
    versions: dict[str, str] = json.loads((home / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return versions


def files(home: Path = HERE) -> dict[str, tuple[str, ...]]:
    """Files to unpack, by package, from the page's package.json."""
    named: dict[str, list[str]] = json.loads((home / "package.json").read_text(encoding="utf-8"))["unpacked"]
    return {package: ("package.json", "LICENSE", *each) for package, each in named.items()}


FILES = files()
"""GraphiQL's."""


def is_complete(folder: Path = FOLDER, home: Path = HERE) -> bool:
    """Whether every file is there in its pinned version."""
    try:
        wanted = files(home)
        for package, version in pinned(home).items():
            if not all((folder / package / Path(file).name).is_file() for file in wanted[package]):
                return False
            _check(package, version, (folder / package / "package.json").read_bytes())
    except (OSError, FetchError):
        return False
    return True


def fetch(folder: Path = FOLDER, home: Path = HERE) -> None:
    """Put all files into `folder`, or none; FetchError when they cannot be fetched."""
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("npm (Node.js) is not on this machine")
    wanted = files(home)
    try:
        # In the same parent folder, so that the last step is a rename on one file system.
        with tempfile.TemporaryDirectory(prefix=".npm-", dir=folder.parent) as temporary:
            gathered = Path(temporary, "npm")
            for package, version in pinned(home).items():
                packed = _packed(npm, package, version, Path(temporary))
                _unpack(package, version, packed, wanted[package], gathered / package)
            gathered.chmod(0o755)
            shutil.rmtree(folder, ignore_errors=True)
            gathered.rename(folder)
    except OSError as error:
        raise FetchError(f"{folder} cannot be written: {error.strerror}") from error


def _packed(npm: str, package: str, version: str, into: Path) -> Path:
    """The package's archive, without its dependencies. npm checks it against the registry's digest."""
    command = [npm, "pack", f"{package}@{version}", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    impatient = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000", "--loglevel=error"]
    try:
        done = subprocess.run(
            [*command, *impatient], cwd=into, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        raise FetchError(f"npm did not return {package} {version} within {PATIENCE_S} seconds") from None
    # A name with a scope, @a/b, is packed as a-b.
    packed = into / f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"
    if done.returncode != 0 or not packed.is_file():
        reason = next((line for line in done.stderr.splitlines() if line.strip()), "no reason given")
        raise FetchError(f"npm did not return {package} {version}: {reason.strip()}")
    return packed


def _unpack(package: str, version: str, packed: Path, wanted: Sequence[str], into: Path) -> None:
    into.mkdir(parents=True)
    try:
        with tarfile.open(packed) as archive:
            for file in wanted:
                member = archive.extractfile(f"package/{file}")
                if member is None:
                    raise FetchError(f"{file} is not a file in {package} {version}")
                content = member.read()
                if file == "package.json":
                    _check(package, version, content)
                (into / Path(file).name).write_bytes(content)
    except (KeyError, EOFError, tarfile.TarError) as error:
        raise FetchError(f"{package} {version} is damaged or incomplete: {error}") from error


def _check(package: str, version: str, described: bytes) -> None:
    try:
        found = json.loads(described)
    except ValueError:
        raise FetchError(f"{package} has no readable package.json") from None
    if (package, version) != (found.get("name"), found.get("version")):
        raise FetchError(f"expected {package} {version}, found {found.get('name')} {found.get('version')}")


def main() -> int:
    arguments = argparse.ArgumentParser(description="Fetch the files of the pages from npm, unless they are there.")
    arguments.add_argument("--required", action="store_true", help="fail if they cannot be fetched")
    required: bool = arguments.parse_args().required
    status = 0
    for name, home in (("GraphiQL", HERE), ("The inbox page", INBOX)):
        folder = home / "npm"
        if is_complete(folder, home):
            continue
        try:
            fetch(folder, home)
        except FetchError as error:
            print(f"{name} is left out: {error}. Everything else works without it.", file=sys.stderr)
            status = 1 if required else 0
        else:
            packages = ", ".join(f"{package} {version}" for package, version in pinned(home).items())
            print(f"{name}: {packages} fetched from npm.", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
