"""Which module declares what, where modules are mounted inside others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

from stdbpy.module.assembly.findings import Findings
from stdbpy.module.declarations import MountDeclaration, OwnDeclaration, recorded


@dataclass(frozen=True, slots=True)
class Placed:
    """A declaration and the Python module that it was made in."""

    module: str
    declaration: OwnDeclaration


@dataclass(frozen=True, slots=True)
class Mounted:
    namespace: str
    where: str
    """The author's line."""
    module: DeclaredModule


@dataclass(frozen=True, slots=True)
class DeclaredModule:
    """Tables and functions are taken in the order of their names, as Rust modules do: moving code
    around does not change the definition."""

    placed: tuple[Placed, ...]
    mounted: tuple[Mounted, ...] = ()


def declared_module(
    own: Mapping[str, ModuleType], others: Mapping[str, ModuleType], findings: Findings
) -> DeclaredModule:
    """What the Python modules ``own`` declare; ``others``, by their names too, are those that are
    installed, of which some may be mounted."""
    return _Reader(own, others, findings).module("", ())


class _Reader:
    def __init__(self, own: Mapping[str, ModuleType], others: Mapping[str, ModuleType], findings: Findings) -> None:
        self.findings = findings
        self.roots = {""}
        """Import names of what is mounted; and of what is not inside of any of that."""
        self.declared = {name: recorded(vars(module)) for name, module in own.items()}
        self._take_installed(others)

    def _take_installed(self, others: Mapping[str, ModuleType]) -> None:
        while True:
            found = {
                each.python_module
                for declarations in self.declared.values()
                for each in declarations
                if isinstance(each, MountDeclaration)
            }
            new = found - self.roots
            if not new:
                return
            self.roots |= new
            for name, module in others.items():
                if name not in self.declared and any(_is_inside(name, root) for root in new):
                    self.declared[name] = recorded(vars(module))

    def module(self, root: str, inside: tuple[str, ...]) -> DeclaredModule:
        placed: list[Placed] = []
        mounted: dict[str, Mounted] = {}
        for name, declarations in self.declared.items():
            if self._root_of(name) != root:
                continue
            for declaration in declarations:
                if isinstance(declaration, MountDeclaration):
                    self._mount(name, declaration, mounted, (*inside, root))
                else:
                    placed.append(Placed(name, declaration))
        placed.sort(key=lambda each: each.declaration.name)
        by_namespace = sorted(mounted.values(), key=lambda each: each.namespace)
        return DeclaredModule(tuple(placed), tuple(by_namespace))

    def _mount(
        self, module: str, declaration: MountDeclaration, mounted: dict[str, Mounted], inside: tuple[str, ...]
    ) -> None:
        """Adds what is mounted to ``mounted``, by import name."""
        where = self.findings.line_of_module(module, declaration.line)
        python_module, namespace = declaration.python_module, declaration.name
        if python_module in inside:
            self.findings.error(where, f"{python_module} is mounted inside itself", "Mount it in what imports it")
        elif python_module in mounted:
            first = mounted[python_module]
            message = f"{python_module} is mounted already, as {first.namespace!r}, at {first.where}"
            self.findings.error(where, message, "A module is there once: remove one of them")
        else:
            other = next((each for each in mounted.values() if each.namespace == namespace), None)
            if other is not None:
                message = f"there is a module mounted as {namespace!r} already, at {other.where}"
                self.findings.error(where, message, "Choose another namespace")
                return
            mounted[python_module] = Mounted(namespace, where, self.module(python_module, inside))

    def _root_of(self, name: str) -> str:
        return max((root for root in self.roots if not root or _is_inside(name, root)), key=len)


def _is_inside(name: str, root: str) -> bool:
    return name == root or name.startswith(f"{root}.")
