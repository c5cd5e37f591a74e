"""Downloads of the published IDX files, with checksums and mirrors, into the user's cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pffspike.errors import FileError, ValidationError

_TIMEOUT = 60  #: seconds without an answer after which a mirror counts as unreachable


@dataclass(frozen=True)
class Publication:
    """Where the files of a data set are published.

    Attributes
    ----------
    mirrors : tuple of str
        Addresses of the same folder, each ending in a slash, tried in this order.
    files : mapping of str to str
        Name of each file, and the MD5 sum that its publisher or torchvision's catalogue gives.
    """

    mirrors: tuple[str, ...]
    files: Mapping[str, str]


def cache_directory(name: str) -> Path:
    """Folder of the user's cache that downloads of a data set go to.

    Parameters
    ----------
    name : str
        Name of the data set.

    Returns
    -------
    Path
        It need not exist.
    """
    import pooch  # slow to import

    return Path(pooch.os_cache("pffspike")) / name


def fetch(name: str, source: Publication) -> Path:
    """Fetch the files of a data set that the cache lacks, or holds damaged.

    Parameters
    ----------
    name : str
        Of the data set.
    source : Publication
        Where its files are published, with their checksums.

    Returns
    -------
    Path
        The folder of the cache that holds all files, each with the right checksum.

    Raises
    ------
    ValidationError
        If a file can be had from no mirror, or the cache cannot be written.
    """
    folder = cache_directory(name)
    for file, checksum in source.files.items():
        _fetch_file(file, checksum, source.mirrors, folder)
    return folder


def _fetch_file(file: str, checksum: str, mirrors: tuple[str, ...], folder: Path) -> None:
    import pooch  # slow to import
    import requests  # pooch fetches with it

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    problems = []
    try:
        for mirror in mirrors:
            try:
                pooch.retrieve(
                    mirror + file,
                    known_hash=f"md5:{checksum}",
                    fname=file,
                    path=folder,
                    downloader=pooch.HTTPDownloader(timeout=_TIMEOUT),
                )
                return
            # requests' errors are OSErrors too, so they come first.
            except requests.exceptions.RequestException as error:
                problems.append(f"{mirror}: {_reason(error)}")
            except ValueError:
                problems.append(f"{mirror}: wrong checksum")
    except OSError as error:
        raise FileError(
            f"{file} can't be stored in {folder}: {error.strerror or error}; "
            "make room or set the environment variable XDG_CACHE_HOME to another folder"
        ) from None
    finally:
        logger.setLevel(level)
    raise ValidationError(
        f"{file} could not be downloaded ({'; '.join(problems)}); check the network, or name a "
        "folder that holds the files (--data)"
    )


def _reason(error: Exception) -> str:
    """The kind of a network error in a few words."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"status {response.status_code}"
    words = {"ConnectTimeout": "no answer", "ReadTimeout": "no answer", "SSLError": "no trust"}
    return words.get(type(error).__name__, "no connection")
