"""The layer hardware: the processor, and the GPUs that the machine has whether or not a driver does."""

from __future__ import annotations

from . import gpus, others, processor, state

FACTS = (*processor.FACTS, *gpus.FACTS, *others.FACTS, *state.FACTS)
