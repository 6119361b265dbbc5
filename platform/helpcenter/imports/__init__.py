"""Bringing articles in: files are read into rows (`reading`), compared (`plan`), and written (`apply`)."""

from helpcenter.imports.plan import Options, Plan, plan_import, propose
from helpcenter.imports.reading import read_files, read_path
from helpcenter.imports.running import run_import

__all__ = ["Options", "Plan", "plan_import", "propose", "read_files", "read_path", "run_import"]
