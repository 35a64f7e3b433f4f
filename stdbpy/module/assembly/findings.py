"""Where in the author's files a class, column, function or parameter is, and what is wrong with it."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

from stdbpy.errors import Problem, TypeNotSupported
from stdbpy.module.parsing import undisturbed


class Findings:
    """Collects problems of one load. ``paths`` are the files by the names of the Python modules."""

    def __init__(self, files: Mapping[str, bytes], paths: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._files = files
        self._paths = paths
        self._trees: dict[str, ast.Module] = {}

    def error(self, where: str, message: str, hint: str = "") -> None:
        self.add(Problem("error", where, message, hint))

    def warning(self, where: str, message: str, hint: str = "") -> None:
        self.add(Problem("warning", where, message, hint))

    def add(self, problem: Problem) -> None:
        """What is found again, by another way to the same place, is not told twice."""
        if problem not in self.problems:
            self.problems.append(problem)

    def not_supported(self, where: str, error: TypeNotSupported) -> None:
        """``where`` is the annotation that was looked at: what is wrong may be in a class that it names."""
        for fault in (error, *error.others):
            cls, field = fault.field or (None, "")
            is_own = cls is not None and cls.__module__ in self._paths
            self.error(self.of_field(cls, field) if cls is not None and is_own else where, fault.message, fault.hint)

    @property
    def has_errors(self) -> bool:
        return self.has_errors_since(0)

    def has_errors_since(self, known: int) -> bool:
        """Whether there are errors behind the first ``known`` problems."""
        return any(problem.level == "error" for problem in self.problems[known:])

    # --- places ------------------------------------------------------------------------------

    def line_of_module(self, module: str, line: int) -> str:
        return f"{self._paths.get(module, module)}:{line}"

    def of_class(self, cls: type) -> str:
        node = self._class_node(cls)
        return self.line_of_module(cls.__module__, node.lineno if node else 1)

    def of_field(self, cls: type, name: str) -> str:
        """The line that declares an attribute of the class, in the class or one of its bases."""
        for base in cls.__mro__:
            node = self._class_node(base)
            for statement in node.body if node else ():
                if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == name:
                    return self.line_of_module(base.__module__, statement.lineno)
        return self.of_class(cls)

    def of_function(self, function: Callable[..., Any]) -> str:
        node, line = self._function_node(function)
        return self.line_of_module(function.__module__, node.lineno if node else line)

    def of_parameter(self, function: Callable[..., Any], name: str) -> str:
        node, line = self._function_node(function)
        for argument in ast.walk(node.args) if node else ():
            if isinstance(argument, ast.arg) and argument.arg == name:
                line = argument.lineno
        return self.line_of_module(function.__module__, line)

    def _class_node(self, cls: type) -> ast.ClassDef | None:
        scope: ast.AST | None = self._tree(cls.__module__)
        for name in cls.__qualname__.split("."):
            body = getattr(scope, "body", ())
            scope = next((node for node in body if getattr(node, "name", None) == name), None)
        return scope if isinstance(scope, ast.ClassDef) else None

    def _function_node(self, function: Callable[..., Any]) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef | None, int]:
        """The definition, and the first line of it that Python knows (a decorator's, if it has any)."""
        inner = inspect.unwrap(function)
        first = inner.__code__.co_firstlineno if isinstance(inner, types.FunctionType) else 1
        tree = self._tree(function.__module__)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if node.name == inner.__name__ and start == first:
                    return node, first
        return None, first

    def _tree(self, module: str) -> ast.Module | None:
        path = self._paths.get(module)
        if path is None:
            return None
        if path not in self._trees:
            self._trees[path] = undisturbed(lambda: ast.parse(self._files[path]))
        return self._trees[path]
