"""Files of packages that are no modules, as ``importlib.resources`` shows them.

Source: ``TraversableResources`` and ``Traversable`` in ``importlib.resources.abc``, which takes longer to import than
all that is here.
"""

from _io import BytesIO, TextIOWrapper


class PackageFiles:
    """What importing gives for the resources of the package in ``folder``; ``files`` are all there are, by path."""

    def __init__(self, files: dict[str, bytes], folder: str) -> None:
        self._root = DataPath(files, folder)

    def files(self) -> "DataPath":
        return self._root

    def open_resource(self, resource: str) -> BytesIO:
        return self._root.joinpath(resource).open("rb")

    def resource_path(self, resource: str) -> str:
        raise FileNotFoundError(f"{self._root.joinpath(resource)} is in memory alone")

    def is_resource(self, path: str) -> bool:
        return self._root.joinpath(path).is_file()

    def contents(self) -> list[str]:
        return [each.name for each in self._root.iterdir()]


class DataPath:
    """A file or a folder, or what neither is."""

    def __init__(self, files: dict[str, bytes], path: str) -> None:
        self._files = files
        self._path = path

    def __str__(self) -> str:
        return self._path

    def __repr__(self) -> str:
        return f"DataPath({self._path!r})"

    @property
    def name(self) -> str:
        return self._path.rpartition("/")[2]

    def joinpath(self, *descendants: str) -> "DataPath":
        parts = self._path.split("/")
        for part in "/".join(map(str, descendants)).split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return DataPath(self._files, "/".join(parts))

    __truediv__ = joinpath

    def is_file(self) -> bool:
        return self._path in self._files

    def is_dir(self) -> bool:
        return any(file.startswith(f"{self._path}/") for file in self._files)

    def iterdir(self) -> "map[DataPath]":
        inside = len(self._path) + 1
        names = {file[inside:].partition("/")[0] for file in self._files if file.startswith(f"{self._path}/")}
        return map(self.joinpath, sorted(names))

    def open(self, mode: str = "r", *how: object, **named: object) -> "BytesIO | TextIOWrapper":
        if mode not in ("r", "rt", "rb"):
            raise ValueError(f"{self._path} can only be read")
        file = BytesIO(self.read_bytes())
        return file if mode == "rb" else TextIOWrapper(file, *how, **named)

    def read_bytes(self) -> bytes:
        if self.is_dir():
            raise IsADirectoryError(f"{self._path!r} is a folder")
        if not self.is_file():
            raise FileNotFoundError(f"there is no file {self._path!r} in this program")
        return self._files[self._path]

    def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        with self.open("r", encoding=encoding, errors=errors) as file:
            return file.read()
