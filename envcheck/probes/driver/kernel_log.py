"""The kernel's log: what NVIDIA's module, nouveau and the power management said since the start."""

from __future__ import annotations

import re
from typing import Any

from ...formats import nvidia
from ...host import Host
from ...model import NoAnswer
from ...patterns import Pattern

#: Kept in the fact, the newest: a GPU in trouble repeats itself for ever.
KEPT = 200
COMMANDS = (["dmesg"], ["journalctl", "-k", "-b", "-q", "--no-pager", "-o", "cat"])
FILES = ("/var/log/kern.log", "/var/log/messages")
#: modprobe's and the kernel's words where a module's signature is not accepted: EKEYREJECTED and ENOKEY
#: (include/uapi/asm-generic/errno.h), lockdown (security/lockdown/lockdown.c).
_REJECTED = Pattern(
    r"nvidia.*(?:Key was rejected by service|Required key not available)"
    r"|Loading of (?:unsigned module|module with unavailable key) is rejected"
    r"|Lockdown: \S+: unsigned module loading is restricted",
    re.I,
)
#: https://github.com/NVIDIA/open-gpu-kernel-modules/issues/789
_ADAPTER = Pattern(r"NVRM:.*(?:RmInitAdapter failed|rm_init_adapter failed|probe routine failed)")
#: https://github.com/NixOS/nixos-hardware/issues/1880
_LEGACY = Pattern(r"NVRM: .*supported through the NVIDIA (\d+)\.\S* Legacy drivers")
#: https://github.com/NVIDIA/open-gpu-kernel-modules/issues/230, and nvidia/nv-pci.c of the open modules
_FLAVOUR = Pattern(
    r"NVRM:.*(?:requires use of the NVIDIA open kernel modules|Open nvidia\.ko is only ready for use"
    r"|not supported by open nvidia\.ko)"
)
#: kernel/power/suspend.c and hibernate.c; acpi/sleep.c
_SUSPEND = Pattern(
    r"PM: (?:suspend|(?:hibernation: )?hibernation) (?:entry|exit)|Waking up from system sleep state", re.I
)


def kernel_log(host: Host, facts: Any) -> list[str]:
    """The kernel's messages on NVIDIA GPUs, module signatures and suspends since the start, the last 200.

    How: sudo dmesg | grep -iE "NVRM|nouveau|nvidia|PM: suspend"
    """
    if host.system != "Linux":
        raise NoAnswer("skipped", "only on Linux")
    texts, denied = _texts(host, slow=bool(facts.get("hardware.gpus") or facts.get("driver.module_version")))
    if not texts:
        if denied:
            raise NoAnswer("denied", "this user may not read the kernel's log")
        raise NoAnswer("skipped", "there is no kernel log to read here")
    lines = [line for text in texts for line in nvidia.messages(text)]
    return list(dict.fromkeys(lines))[-KEPT:]


def _texts(host: Host, slow: bool) -> tuple[list[str], bool]:
    """(the first log that can be read and the files beside it, whether one was denied)."""
    texts, denied = [], False
    for argv in COMMANDS if slow else COMMANDS[:1]:
        found = host.run(argv)
        if found and found["code"] == 0 and found["out"].strip():
            texts.append(str(found["out"]))
            break
        denied = denied or found is not None
    for path in FILES if slow else ():
        try:
            text = host.read(path)
        except NoAnswer:
            denied = True
        else:
            texts += [text] if text else []
    return texts, denied


def xids(facts: Any) -> list[dict[str, Any]]:
    """NVIDIA's numbered errors since the start: xid, bus_id, text; one per number and GPU.

    How: sudo dmesg | grep Xid
    """
    return list(nvidia.xids(facts["driver.kernel_log"]))


def module_rejected(facts: Any) -> str | None:
    """The line with which the kernel refused the nvidia module's signature; None: no such line.

    How: sudo dmesg | grep -iE "key was rejected|required key|unsigned module"
    """
    return _line(facts, _REJECTED)


def adapter_failed(facts: Any) -> str | None:
    """The line with which the loaded module gave up a GPU (RmInitAdapter failed); None: no such line.

    How: sudo dmesg | grep -E "RmInitAdapter|rm_init_adapter"
    """
    return _line(facts, _ADAPTER)


def legacy_branch(facts: Any) -> str | None:
    """The driver branch that the module itself says is the last for this GPU, "580"; None: it says nothing.

    How: sudo dmesg | grep "Legacy drivers"
    """
    line = _line(facts, _LEGACY)
    found = _LEGACY.search(line) if line else None
    return found.group(1) if found else None


def flavour_refused(facts: Any) -> str | None:
    """The line with which the open or proprietary module refused the GPU; None: no such line.

    How: sudo dmesg | grep -i "open"
    """
    return _line(facts, _FLAVOUR)


def _line(facts: Any, pattern: Pattern) -> str | None:
    found = [line for line in facts["driver.kernel_log"] if pattern.search(line)]
    return found[-1] if found else None


def suspended(host: Host, facts: Any) -> bool:
    """Whether the machine has slept (suspend or hibernation) since it was started.

    How: cat /sys/power/suspend_stats/success; sudo dmesg | grep "PM: suspend"
    """
    if host.system != "Linux":
        raise NoAnswer("skipped", "only on Linux")
    count = (host.read("/sys/power/suspend_stats/success") or "").strip()
    if count.isdigit() and int(count):
        return True
    log = facts.get("driver.kernel_log") if count.isdigit() else facts["driver.kernel_log"]
    return any(_SUSPEND.search(line) for line in log or [])


FACTS = (kernel_log, xids, module_rejected, adapter_failed, legacy_branch, flavour_refused, suspended)
