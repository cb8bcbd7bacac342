"""What pip, uv and conda say where they fail, brought to its cause and fix."""

from __future__ import annotations

from .. import rulebook
from ..explain import Explanation, explain
from ..given import follow, together
from ..model import Facts, Known, Target
from ..search import Text

#: What of a machine bears on an installer's failure; what is installed now does not.
_BEARS_ON = ("platform.", "python.", "wanted.")


def explained(text: str, facts: Facts, target: Target | None = None) -> Explanation:
    """The rules' answer to an installer's output on the machine of ``facts``; ``.report`` is the Report."""
    log = Text.of(text)
    here = {name: fact for name, fact in _known(facts).items() if name.startswith(_BEARS_ON)}
    return explain(log, together(log, {}, here), rulebook.load(), target=target)


def _known(facts: Facts) -> dict[str, Known]:
    if not facts:
        return {}
    return {name: fact for name, fact in follow.seen(facts).items() if fact.value is not None}
