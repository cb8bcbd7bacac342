"""How TensorFlow comes to run here: a plan from facts, and what carries it out.

``commands`` turns the packages of a fix into command lines; ``plan`` says all steps of an
installation; ``resolve`` asks pip or uv whether it resolves.
"""

from .commands import Installer, commands, quoted

__all__ = ["Installer", "commands", "quoted"]
