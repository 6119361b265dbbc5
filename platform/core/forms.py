"""What a person typed, as a struct: every mistake at once, each a sentence that says what to do.

    class NewThread(msgspec.Struct):
        title: Annotated[Line, Meta(min_length=5, max_length=120)]
        body: Text
        board_id: int
        tags: list[Line] = []
        notify: bool = False

    form = Form(NewThread, await request.form())
    if not form.valid:
        return page("community/new.html", status=422, form=form)

Only the struct's fields are read: whatever else was sent is never bound. Forms are flat: no structs inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta

from core.form_fields import Field, Mistake, fields_of
from core.i18n import _

__all__ = ["Email", "Form", "Line", "Meta", "Secret", "Text", "Url"]

# One line: new lines become spaces, at most 200 characters.
Line = Annotated[str, Meta(max_length=200, extra={"kind": "line"})]
# Many lines, at most 10,000 characters.
Text = Annotated[str, Meta(max_length=10_000)]
Email = Annotated[str, Meta(max_length=254, extra={"kind": "email"})]
# http or https.
Url = Annotated[str, Meta(max_length=2000, extra={"kind": "url"})]
# A password: kept as typed, never shown again.
Secret = Annotated[str, Meta(max_length=1000, extra={"kind": "secret"})]

S = TypeVar("S")


class Form(Generic[S]):
    """`Form(Struct, data)`; `Form(Struct)` is an empty one to show, `Form(Struct, initial=thread)` one to change."""

    def __init__(self, kind: type[S], data: Mapping[str, Any] | Any = None, *, initial: Any = None) -> None:
        self.kind = kind
        self.fields: dict[str, Field] = fields_of(kind)
        self.errors: dict[str, str] = {}
        self.failure = ""
        self.bound = data is not None
        self._initial = initial
        self._raw: dict[str, list[Any]] = {name: _sent(data, name) for name in self.fields} if self.bound else {}
        self._data: S | None = None
        if self.bound:
            self._read()

    def _read(self) -> None:
        values: dict[str, Any] = {}
        for name, field in self.fields.items():
            try:
                values[name] = field.read(self._raw[name])
            except Mistake as mistake:
                self.errors[name] = mistake.sentence
        if self.errors:
            return
        try:
            self._data = self.kind(**values)
        except ValueError as error:  # a struct's own __post_init__ said no
            self.fail(str(error))

    @property
    def valid(self) -> bool:
        return self.bound and not self.errors and not self.failure

    @property
    def data(self) -> S:
        """The struct. Raises LookupError unless the form is valid."""
        if self._data is None or not self.valid:
            raise LookupError("form.data is there only when form.valid")
        return self._data

    def add_error(self, name: str, sentence: str) -> None:
        """A mistake that only the action could find: `form.add_error("email", _("…"))`."""
        if name not in self.fields:
            raise LookupError(f"{self.kind.__name__} has no field {name!r}")
        self.errors.setdefault(name, str(sentence))

    def fail(self, sentence: str) -> None:
        """A mistake of the whole form."""
        self.failure = self.failure or str(sentence)

    # what macros ask

    def values(self, name: str) -> list[str]:
        """What stands in the field: as typed, else the initial value, else the default."""
        field = self.fields[name]
        if field.kind == "secret":
            return []
        if self.bound:
            return [one for one in self._raw[name] if isinstance(one, str)]
        return field.written(self._starting(name, field))

    def _starting(self, name: str, field: Field) -> Any:
        found = self._initial
        if isinstance(found, Mapping):
            return found.get(name, field.default)
        return getattr(found, name, field.default) if found is not None else field.default

    def value(self, name: str) -> str:
        found = self.values(name)
        return found[0] if found else ""

    def checked(self, name: str, option: object = None) -> bool:
        """Of a check box (no `option`) or one of many."""
        if option is not None:
            return str(option) in self.values(name)
        return self.fields[name].truth(self.values(name))

    def required(self, name: str) -> bool:
        return self.fields[name].required

    def limits(self, name: str) -> dict[str, Any]:
        """HTML attributes that say the same as the struct: maxlength, min, max."""
        return self.fields[name].attributes()

    @property
    def sentences(self) -> Sequence[str]:
        """All mistakes, for the summary above a long form."""
        return ([self.failure] if self.failure else []) + list(self.errors.values())

    @property
    def summary(self) -> str:
        return self.failure or (_("Look at the fields marked below.") if self.errors else "")


def _sent(data: Any, name: str) -> list[Any]:
    if hasattr(data, "getall"):
        return list(data.getall(name, []))
    found = data.get(name)
    if found is None:
        return []
    return list(found) if isinstance(found, list | tuple) else [found]
