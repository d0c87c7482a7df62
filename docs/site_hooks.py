"""What MkDocs does not do by itself: the pages from the code, the tutorials run, formulas as MathML."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent
UNRUN = "DEEPRO_SITE_UNRUN"  # set: tutorials are shown without what their cells give
OUTSIDE = (
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
)  # beside docs/, shown within


def on_config(config: Any) -> Any:
    """Methods stand in the navigation by family."""
    from deepro import registry

    (methods,) = (entry["Methods"] for entry in config.nav if "Methods" in entry)
    families: dict[str, list[Any]] = {}
    for record in registry.methods().values():
        families.setdefault(record.family.capitalize(), []).append({record.name: f"methods/{record.name}.md"})
    methods += [{family: pages} for family, pages in families.items()]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the reference, the tutorials with what their cells show, and the documents beside docs/."""
    sys.path.insert(0, str(ROOT))  # MkDocs takes it out again once a hook is loaded
    import make_reference
    import notebooks

    made = make_reference.pages()
    made |= {name: (ROOT.parent / name).read_text(encoding="utf-8") for name in OUTSIDE}
    for notebook in sorted((ROOT / "tutorials").glob("*.ipynb")):
        made[f"tutorials/{notebook.stem}.md"] = notebooks.page(notebook, run=not os.environ.get(UNRUN))
        files.append(File.generated(config, f"tutorials/{notebook.name}", content=notebook.read_text(encoding="utf-8")))
    for name, text in made.items():
        if known := files.get_file_from_path(name):
            files.remove(known)
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links to documents beside docs/ lead to their pages here; links to source files become names; LaTeX is drawn."""
    top = "../" * page.file.src_uri.count("/")
    markdown = re.sub(rf"\]\((?:\.\./)+({'|'.join(map(re.escape, OUTSIDE))})", rf"]({top}\1", markdown)
    if page.file.src_uri in OUTSIDE:
        markdown = re.sub(r"\]\(docs/", "](", markdown)
    markdown = re.sub(
        r"\[([^\]]*)\]\((?:\.\./)*(?:decisions|scripts|src|tests|benchmarks|plugin)/?[^)]*(?<!\.md)\)", r"\1", markdown
    )
    markdown = re.sub(r"(\]\([\w./-]+)\.ipynb\)", r"\1.md)", markdown)
    return re.sub(r"^```math\n(.*?)\n```$", lambda m: convert(m[1], display="block"), markdown, flags=re.M | re.S)
