"""What the user wants, as facts: ``--require`` and ``envcheck.toml`` become ``wanted.*``.

What is not given is worked out (``gpu``) or absent: nothing in particular is wanted. What is there of
the things that only a file asks about, and which demands are not met, are facts of the same layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping

from ..model import Known, Value, Wrong
from ..words import say
from . import looked, unmet
from .looked import begin


def gpu(facts: Mapping[str, Value]) -> Known:
    """GPUs that are wanted, a number; 0 is none. One where the machine has an NVIDIA GPU.

    How: envcheck --require gpu|gpu=N|cpu
    """
    gpus = facts["hardware.gpus"]
    if not gpus:
        return Known(0, ("auto: there is no NVIDIA GPU",))
    return Known(1, (f"auto: {gpus[0].get('bus_id') or gpus[0].get('name')} is an NVIDIA GPU",))


def python() -> None:
    """The Python that is wanted, a PEP 440 specifier; absent where any will do.

    How: cat envcheck.toml
    """


def tensorflow() -> None:
    """The TensorFlow that is wanted, a PEP 440 specifier; absent where any will do.

    How: cat envcheck.toml
    """


def packages() -> None:
    """The packages that are wanted: name to PEP 440 specifier, or "*"; absent where none is named.

    How: cat envcheck.toml
    """


def gpu_model() -> None:
    """A part of the GPU's name that is wanted, or a list of such; absent where any will do.

    How: cat envcheck.toml
    """


def memory_gb() -> None:
    """The memory that each wanted GPU must have, in GiB; absent where any will do.

    How: cat envcheck.toml
    """


def compute() -> None:
    """The compute capability that each wanted GPU must have at least, "7.5"; absent where any will do.

    How: cat envcheck.toml
    """


def driver() -> None:
    """The NVIDIA driver that is wanted, a PEP 440 specifier; absent where any will do.

    How: cat envcheck.toml
    """


def ram_gb() -> None:
    """The RAM that is wanted, in GiB; absent where any will do.

    How: cat envcheck.toml
    """


def disk_gb() -> None:
    """The free disk space that is wanted where packages are installed, in GiB; absent where any will do.

    How: cat envcheck.toml
    """


def variables() -> None:
    """The environment variables that are asked about: name to true, false, a text or {matches}; or absent.

    How: cat envcheck.toml
    """


def data() -> None:
    """The data sets that must be there: name to path, or to {path, min_gb, min_files}; or absent.

    How: cat envcheck.toml
    """


def hosts() -> None:
    """The hosts that must accept a connection, ["example.org:443"]; absent: nothing is connected to.

    How: cat envcheck.toml
    """


def timeout_s() -> None:
    """The seconds that a host may take to accept a connection; absent: three.

    How: cat envcheck.toml
    """


def samples_per_s() -> None:
    """The images per second that the training step must reach; absent where any speed will do.

    How: cat envcheck.toml
    """


def step_ms() -> None:
    """The milliseconds that a training step may take; absent where any speed will do.

    How: cat envcheck.toml
    """


def expected_samples_per_s() -> None:
    """The images per second that this machine is known to reach; absent where the file does not say.

    How: cat envcheck.toml
    """


def of_expected() -> None:
    """The share of the expected speed that must be reached, above 0 up to 1; absent where none is asked for.

    How: cat envcheck.toml
    """


def max_seconds() -> None:
    """The seconds that the whole run may take; absent where the file does not say.

    How: cat envcheck.toml
    """


def workshop() -> None:
    """The workshop's name; absent where the check is for none.

    How: cat envcheck.toml
    """


def contact() -> None:
    """To whom the report is handed in, in words; absent where the file does not say.

    How: cat envcheck.toml
    """


def hand_in() -> None:
    """What is to be handed in, in words; absent where the file does not say.

    How: cat envcheck.toml
    """


def skip() -> None:
    """The causes that are not to block, each with the reason; absent where there are none.

    How: cat envcheck.toml
    """


def places() -> None:
    """Where each demand stands: "gpu.count" to "envcheck.toml line 3"; absent where there is no demand.

    How: cat envcheck.toml
    """


#: ``wanted.*`` that a user gives; those that are asked for where nobody gives them.
GIVEN: tuple[Callable[..., Value], ...] = (
    gpu, python, tensorflow, packages, gpu_model, memory_gb, compute, driver, ram_gb, disk_gb, variables,
    data, hosts, timeout_s, samples_per_s, step_ms, expected_samples_per_s, of_expected, max_seconds,
    workshop, contact, hand_in, skip, places,
)  # fmt: skip
#: Every ``wanted.*`` fact where the user does not say.
FACTS: tuple[Callable[..., Value], ...] = (
    *GIVEN, looked.variables_found, looked.data_found, looked.hosts_found, unmet.disk_free_gb,
    unmet.gpus_fitting, unmet.packages_missing, unmet.packages_to_install, unmet.unmet,
)  # fmt: skip


def given(require: str = "auto", config: str | None = None, file: str = "envcheck.toml") -> dict[str, Known]:
    """The ``wanted.*`` facts that the user names: ``--require``, which outweighs the file.

    ``config`` is the text of the file, ``file`` its name in messages: of a pyproject.toml only
    ``[tool.envcheck]`` counts. Raises ``Wrong`` where either cannot be understood, naming line and key.
    """
    facts: dict[str, Known] = {}
    if config is not None:
        from . import file as files  # reads TOML: only who has a file waits for that

        facts = files.facts(config, file)
    option = _from_option(require)
    if option:
        old = facts.get("wanted.places", Known({}))
        place = {"gpu.count": option["wanted.gpu"].source[0]}
        facts["wanted.places"] = Known({**old.value, **place}, (*old.source, *place.values()))
    facts.update(option)
    return facts


def _from_option(require: str) -> dict[str, Known]:
    """``gpu`` is ``gpu=1``, ``cpu`` is ``gpu=0``; ``auto`` leaves the question open."""
    if require == "auto":
        return {}
    asked = re.fullmatch(r"cpu|gpu(?:=([1-9][0-9]{0,3}))?", require)
    if not asked:
        raise Wrong(say("--require {value}: it is auto, cpu, gpu or gpu=N with N from 1 on", value=require))
    number = 0 if require == "cpu" else int(asked[1] or 1)
    return {"wanted.gpu": Known(number, (f"--require {require}",))}


def check_skipped(wanted: Mapping[str, Known], causes: Container[str]) -> None:
    """Raise ``Wrong`` where the file skips a cause that no rule names."""
    skipped = wanted.get("wanted.skip", Known({})).value
    for cause in skipped:
        if cause not in causes:
            name = f"skip.{cause}"
            place = f"{wanted['wanted.places'].value[name]}: {name}"
            error = say("there is no such cause; `envcheck rules` lists them")
            raise Wrong(say("{place}: {error}", place=place, error=error))


__all__ = ["FACTS", "GIVEN", "begin", "check_skipped", "given"]
