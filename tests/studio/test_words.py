"""What the registry says is there in every language of the viewer."""

from __future__ import annotations

import json
import re
from pathlib import Path

from deepro import registry
from deepro.kinds.sequences.trace import Trace
from deepro.kinds.trainings.alarms import RULES
from deepro.methods.units.diagnosis import FAULTS

VIEWER = Path(__file__).resolve().parents[2] / "viewer" / "src"
METHODS = tuple(registry.methods().values())


def keys(path: Path) -> set[str]:
    """The keys of a file of words; that each has every language is checked by its type."""
    return {
        json.loads(key) for key in re.findall(r'^  ("(?:[^"\\]|\\.)*"): \[', path.read_text(encoding="utf-8"), re.M)
    }


def test_what_methods_and_options_say_is_translated_and_nothing_else_is() -> None:
    said = {m.summary for m in METHODS} | {o.help for m in METHODS for o in m.options if o.help}
    said |= {words for rule in RULES.values() for words in (rule.figure, rule.advice)}
    translated = keys(VIEWER / "i18n" / "registry.ts")
    assert sorted(said - translated) == [], "without a translation in viewer/src/i18n/registry.ts"
    assert sorted(translated - said) == [], "in viewer/src/i18n/registry.ts, but the registry does not say it"


def test_methods_families_choices_kinds_and_faults_have_a_name() -> None:
    named = {f"method.{m.name}" for m in METHODS} | {f"family.{m.family}" for m in METHODS}
    named |= {f"choice.{o.name}.{c}" for m in METHODS for o in m.options for c in o.type.choices or ()}
    named |= {f"intervention.how.{c}" for c in registry.get("intervene").option("how").type.choices or ()}
    named |= {f"nav.{m.result.kind}" for m in METHODS if m.family == "sequences" and m.result is not Trace}
    named |= {f"{said}.{fault}" for said in ("fault", "threshold", "suggestion") for fault in FAULTS}
    words = set().union(
        *(keys(path) for path in VIEWER.rglob("*.ts") if "satisfies Entries" in path.read_text("utf-8"))
    )
    assert sorted(named - words) == [], "without a name in the viewer's words"
