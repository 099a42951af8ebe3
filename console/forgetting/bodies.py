"""Bodies of callbacks as they came, searched for a number: nothing else tells whose they are."""

from collections.abc import Iterator

from console.connection import Gateway
from console.forgetting.needle import Needle
from console.forgetting.versions import Version, Versions
from console.media import Media
from console.problems import Problem
from console.selection import in_parallel
from console.watching import Watcher

FOLDERS = ("raw/", "quarantine/")


def search_bodies(gateway: Gateway, needle: Needle, watcher: Watcher) -> Iterator[str]:
    """The keys of all bodies that have it in them; a body is read in pieces, and never held as a whole."""
    media = Media(gateway)

    def search(version: Version) -> str | None:
        try:
            opened = media.open_object(version.key, version_id=version.version_id)
        except Problem:  # expired meanwhile
            return None
        return version.key if needle.is_in(opened.pieces) else None

    watcher.begin("Searching bodies")
    for key in in_parallel(search, _bodies(gateway)):
        watcher.advance()
        if key is not None:
            yield key


def _bodies(gateway: Gateway) -> Iterator[Version]:
    """One version of each: a body's key names its content, so that all its versions are the same."""
    versions = Versions(gateway)
    for folder in FOLDERS:
        last = ""
        for version in versions.under(folder):
            if version.size and version.key != last:
                last = version.key
                yield version
