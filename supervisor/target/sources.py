"""The applications that a module makes, told from its text.

Pure: a module is parsed, nothing of it is run. Names are followed as Python would bind them: imports under other names,
functions that return an application, classes of the module's own, applications put into others. What another module
gives is asked of ``outside``.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from supervisor.target.frameworks import BY_NAME, FACTORIES, USUAL, Kind, known, wraps

_ASGI = ["scope", "receive", "send"]
_FIRST_WSGI = ("environ", "env", "e")
_SECOND_WSGI = ("start_response", "sr", "start")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One application, or with ``factory`` a function without required arguments that makes one."""

    name: str
    kind: Kind
    factory: bool = False


@dataclass(frozen=True, slots=True)
class Maker:
    """Something that gives an application when it is called."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Import:
    """A name bound by an import: ``name`` of ``module``, or the module itself where ``name`` is empty."""

    module: str
    name: str = ""
    level: int = 0  #: of a relative import

    @property
    def dotted(self) -> str:
        """As Python would say it."""
        return f"{self.module}.{self.name}" if self.name else self.module


Thing = Kind | Maker | Import | Function | ast.ClassDef
#: What the name that is imported stands for in another module of the project, if it is one.
Outside = Callable[[Import], Kind | Maker | None]


def nothing_outside(_: Import) -> None:
    """For a module that stands alone."""
    return


class Module:
    """What a module binds. Raises SyntaxError and the like from ``ast.parse``."""

    def __init__(self, text: bytes, outside: Outside = nothing_outside) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the compiler, about what it will not understand some day
            self._body = list(_flat(ast.parse(text).body))
        self._outside = outside
        self._names: dict[str, Thing] = {}
        self._following: set[str] = set()  #: names that are being looked into
        self._inner: set[str] = set()  #: applications that were put into others
        for node in self._body:
            self._bind(node, self._names)

    def imports(self) -> Iterator[Import]:
        """Everything that it imports."""
        yield from (thing for thing in self._names.values() if isinstance(thing, Import))

    def made(self) -> list[Made]:
        """Its applications in the order of the text, those that others are put around last."""
        found: dict[str, Made] = {}
        for node in self._body:
            if made := self._made_by(node):
                found[made.name] = made
                if not isinstance(node, Function | ast.ClassDef):
                    self._names[made.name] = made.kind
        return sorted(found.values(), key=lambda one: one.name in self._inner)

    def thing(self, name: str) -> Kind | Maker | None:
        """What ``name`` stands for once the module is imported, as far as applications go."""
        self.made()
        return self._understood(name, self._names)

    # --- what statements bind -----------------------------------------------------------------------------------------

    @staticmethod
    def _bind(node: ast.stmt, names: dict[str, Thing]) -> None:
        match node:
            case ast.Import():
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    names[alias.asname or top] = Import(alias.name if alias.asname else top)
            case ast.ImportFrom():
                for alias in node.names:
                    names[alias.asname or alias.name] = Import(node.module or "", alias.name, node.level)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names[node.name] = node

    def _made_by(self, node: ast.stmt) -> Made | None:
        """The application that a statement of the module itself makes, under a name that is not private."""
        match node:
            case ast.Assign(targets=[*targets], value=value):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                return self._assigned(names[0], value, None) if names else None
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                return self._assigned(name, value, node.annotation)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not node.name.startswith("_"):
                return self._defined(node)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="mount")) as call):
                self._inner |= {one.id for one in call.args if isinstance(one, ast.Name)}
        return None

    def _assigned(self, name: str, value: ast.expr, annotation: ast.expr | None) -> Made | None:
        if name.startswith("_") or not isinstance(value, ast.Call):
            return None
        kind = self._value(value, self._names, name) or self._annotated(annotation, self._names)
        return Made(name=name, kind=kind) if kind is not None else None

    def _defined(self, node: Function | ast.ClassDef) -> Made | None:
        kind = _called_as(node)
        if kind is not None:
            return Made(name=node.name, kind=kind)
        if isinstance(node, ast.ClassDef) or _needs_arguments(node):
            return None
        maker = self._understood(node.name, self._names)
        if isinstance(maker, Maker) and not isinstance(node, ast.AsyncFunctionDef):
            return Made(name=node.name, kind=maker.kind, factory=True)
        return None

    # --- what expressions give ----------------------------------------------------------------------------------------

    def _value(self, node: ast.expr | None, names: dict[str, Thing], goes_to: str = "") -> Kind | None:
        """The application that ``node`` gives; ``goes_to`` is the name that it is given."""
        match node:
            case ast.Name(id=name):
                found = self._understood(name, names)
                return found if isinstance(found, Kind) else None
            case ast.Attribute(value=inner, attr="wsgi_app" | "asgi_app" | "server"):
                return self._value(inner, names)
            case ast.Call():
                return self._call(node, names, goes_to)
        return None

    def _call(self, node: ast.Call, names: dict[str, Thing], goes_to: str) -> Kind | None:
        called = self._callee(node.func, names)
        inner = next(filter(None, (self._value(one, names) for one in _arguments(node))), None)
        if isinstance(called, Maker):
            if inner is not None:
                self._inner |= _names_of(node) - {goes_to}
            return Kind(called.kind.interface, called.kind.framework or (inner.framework if inner else ""))
        made = wraps(called, inner)
        if made is None and inner is not None and (goes_to in USUAL or _names_of(node) & {goes_to}):
            made = inner  # app = Something(app)
        if made is not None:
            self._inner |= _names_of(node) - {goes_to}
            return made
        return Kind() if called.rpartition(".")[2] in FACTORIES else None

    def _callee(self, node: ast.expr, names: dict[str, Thing]) -> Maker | str:
        """What makes an application when it is called, else the name that it goes by as far as known."""
        if isinstance(node, ast.Attribute) and node.attr == "make_wsgi_app":
            return Maker(Kind("WSGI", "Pyramid"))
        dotted = _dotted(node)
        first, _, rest = dotted.partition(".")
        if not rest and isinstance(found := self._understood(first, names), Maker):
            return found
        bound = names.get(first)
        if isinstance(bound, Import):
            dotted = f"{bound.dotted}.{rest}" if rest else bound.dotted
            kind = known(dotted)
        else:
            kind = BY_NAME.get(dotted) if bound is None else None
        return Maker(kind) if kind is not None else dotted

    def _understood(self, name: str, names: dict[str, Thing]) -> Kind | Maker | None:
        thing = names.get(name)
        if thing is None or isinstance(thing, Kind | Maker):
            return thing
        if name in self._following:
            return None
        self._following.add(name)
        try:
            return self._looked_into(thing, names)
        finally:
            self._following.discard(name)

    def _looked_into(self, thing: Import | Function | ast.ClassDef, names: dict[str, Thing]) -> Kind | Maker | None:
        if isinstance(thing, Import):
            return self._outside(thing) if thing.name else None
        if (plain := _called_as(thing)) is not None:
            return plain
        if isinstance(thing, ast.ClassDef):
            return self._class(thing, names)
        kind = self._annotated(thing.returns, names) or self._returned(thing, names)
        if kind is None and thing.name in FACTORIES:
            kind = Kind()
        return Maker(kind) if kind is not None else None

    def _class(self, node: ast.ClassDef, names: dict[str, Thing]) -> Maker | None:
        """A class of the module's own: its instances can be called as applications are, or it derives from one."""
        for one in node.body:
            if isinstance(one, Function) and one.name == "__call__" and (kind := _parameters(one, skip=1)):
                return Maker(kind)
        for base in node.bases:
            if isinstance(found := self._callee(base, names), Maker):
                return found
        return None

    def _annotated(self, node: ast.expr | None, names: dict[str, Thing]) -> Kind | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return None
        if not isinstance(node, ast.Name | ast.Attribute):
            return None
        found = self._callee(node, names)
        return found.kind if isinstance(found, Maker) else None

    def _returned(self, node: Function, names: dict[str, Thing]) -> Kind | None:
        """What a function returns: its statements are followed in order, with names of its own."""
        inside = dict(names)
        for statement in _flat(node.body):
            self._bind(statement, inside)
            match statement:
                case ast.Assign(targets=[ast.Name(id=name), *_], value=value):
                    self._rebind(name, self._value(value, inside, name), inside)
                case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
                    kind = self._value(value, inside, name) or self._annotated(annotation, inside)
                    self._rebind(name, kind, inside)
                case ast.Return(value=value) if (kind := self._value(value, inside, "app")) is not None:
                    return kind
        return None

    @staticmethod
    def _rebind(name: str, kind: Kind | None, names: dict[str, Thing]) -> None:
        if kind is not None:
            names[name] = kind
        else:
            names.pop(name, None)


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when ``body`` does, whichever way it goes; not what is for running it as a script."""
    for node in body:
        match node:
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                continue
            case ast.If() | ast.For() | ast.While():
                yield from _flat([*node.body, *node.orelse])
            case ast.Try():
                handlers = [one for handler in node.handlers for one in handler.body]
                yield from _flat([*node.body, *handlers, *node.orelse, *node.finalbody])
            case ast.With() | ast.AsyncWith():
                yield from _flat(node.body)
            case _:
                yield node


def _called_as(node: Function | ast.ClassDef) -> Kind | None:
    """What a function or class is when a server calls it itself."""
    if not isinstance(node, ast.ClassDef):
        if any(_dotted(one).endswith("Request.application") for one in node.decorator_list):
            return Kind("WSGI", "Werkzeug")
        return _parameters(node)
    methods = {one.name: one for one in node.body if isinstance(one, Function)}
    made = methods.get("__init__")
    if made is None:
        return None
    if "__iter__" in methods and _parameters(made, skip=1) == Kind("WSGI"):
        return Kind("WSGI")
    call = methods.get("__call__")
    two = call is not None and _names(call)[1:] == _ASGI[1:]  # ASGI 2
    return Kind("ASGI") if two and _names(made)[1:] == _ASGI[:1] else None


def _parameters(node: Function, skip: int = 0) -> Kind | None:
    names = _names(node)[skip:]
    if names == _ASGI:
        return Kind("ASGI")
    if isinstance(node, ast.AsyncFunctionDef) or len(names) != 2:
        return None
    return Kind("WSGI") if names[0] in _FIRST_WSGI and names[1] in _SECOND_WSGI else None


def _names(node: Function) -> list[str]:
    return [one.arg for one in (*node.args.posonlyargs, *node.args.args)]


def _needs_arguments(node: Function) -> bool:
    arguments = node.args
    return len(_names(node)) > len(arguments.defaults) or None in arguments.kw_defaults


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(one.value for one in node.keywords if one.arg in ("app", "application", "other_asgi_app"))]


def _names_of(node: ast.Call) -> set[str]:
    """The names that a call is given, also of an application's attribute."""
    inner = (one.value if isinstance(one, ast.Attribute) else one for one in _arguments(node))
    return {one.id for one in inner if isinstance(one, ast.Name)}


def _dotted(node: ast.expr) -> str:
    """``fastapi.FastAPI``; empty for what is no dotted name."""
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""
