"""How Sphinx builds the site: `make docs`. The source folder is the whole checkout."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_ext"))

project = "pffspike"
author = "pffspike developers"
copyright = author  # noqa: A001  (Sphinx's name for it)
version = release = importlib.metadata.version("pffspike")

# Pages lie where a reader of the code finds them, and link to each other there: studies beside
# their results, the model in the package. So the source folder is the checkout.
root_doc = "docs/index"
include_patterns = ["docs/**", "experiments/**.md", "pffspike/network/model.md", "CHANGELOG.md"]
exclude_patterns = [
    *(".*", "build", "dist", "results", "tests", "*.egg-info", "**/__pycache__"),
    *(
        "docs/_*",
        "docs/pypi.md",
        "docs/tutorials",
        "docs/**.py",
        "docs/**.json",
        "docs/sg_execution_times.rst",
    ),
    *("experiments/**/runs", "experiments/*/*fast"),
]

extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "repository",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]

# References: what is written as one must exist; names in single backticks become links where they
# can.
nitpicky = True
nitpick_ignore_regex = [("py:obj", ".*"), ("py:class", r"(collections|numpy)\..*")]
default_role = "autolink"
highlight_language = "text"

myst_enable_extensions = ["attrs_inline", "deflist", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

autodoc_mock_imports = ["neurobench", "torch"]  # an extra of some gigabytes
autodoc_typehints = "none"  # numpydoc's lists of parameters have them
autosummary_generate = True
numpydoc_show_class_members = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": ["docs/tutorials"],
    "gallery_dirs": ["docs/gallery"],
    "filename_pattern": r"\.py",
    "within_subsection_order": "repository.by_number",
    "image_scrapers": ["repository.figures"],
    "capture_repr": ("_repr_html_", "__repr__"),
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 3600,
    "write_computation_times": False,
    "show_signature": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "pffspike"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_root"]
html_show_sourcelink = False
html_copy_source = False
templates_path = [str(DOCS / "_templates")]
html_theme_options = {
    "logo": {"text": "pffspike"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "show_toc_level": 2,
}

linkcheck_timeout = 20
linkcheck_anchors = False  # pages that build themselves in a browser have none

# The commands' own texts, as Typer writes them.
subprocess.run(
    [
        *(sys.executable, "-m", "typer", "pffspike.cli.app", "utils", "docs"),
        *("--name", "pffspike", "--title", "Every option of every command"),
        *("--output", str(DOCS / "reference" / "commands.md")),
    ],
    check=True,
    stdout=subprocess.DEVNULL,
)
