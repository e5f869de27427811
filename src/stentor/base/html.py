"""HTML, and the one way to write it: templates that escape whatever is filled in (Jinja2)."""

from __future__ import annotations

from functools import partial

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from stentor.base import looks
from stentor.base.texts import Catalogue


class Templates:
    """The templates of one package, such as ``stentor.house``. All share ``base/templates``: the layout and components.

    ``shared`` are values that every template knows. A name that nobody has given is an error, never an empty place.
    """

    def __init__(self, package: str, catalogue: Catalogue | None = None, **shared: object) -> None:
        self._catalogue = catalogue
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader("stentor.base")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            shared, hue=looks.hue, initials=looks.initials, wave=looks.wave, strip=looks.strip
        )
        self._environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
        for name in self._environment.list_templates():
            self._environment.get_template(name)  # now: an upgrade changes the files under a process that runs

    def render(self, name: str, language: str, /, **values: object) -> str:
        """The template ``name`` with ``values``; ``say("key", …)`` in it is a text in ``language``."""
        if self._catalogue is not None:
            values["say"] = partial(self._catalogue.text, language)
        return self._environment.get_template(f"{name}.html").render(values, language=language)
