"""What stands before what a program said: times, containers, CI, processes, log levels, source files.

Only what says when and where is taken off. What says what (``ERROR: ``, ``NVRM: ``, a process's name,
``WARNING:tensorflow:``) stays: rules read it.
"""

from __future__ import annotations

import re

_TIME = r"\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?"
_STAMP = rf"\d{{4}}[-/]\d\d[-/]\d\d[T _]{_TIME}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?"
_LEVEL = r"(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)"
#: What is sure to be the beginning of a message: after it, a doubtful prefix is one.
_SAYS = (
    rf"(?={_STAMP}|[IWEF] \S+:\d+\]|[IWEF]\d{{4}} {_TIME}|Traceback |\s*File \"|\w*(?:Error|Exception)\b"
    r"|(?:[Cc]ould not|Cannot|Failed|failed|WARNING|ERROR) )"
)
#: Where TensorFlow's source file and line stand: ``tensorflow/core/x.cc:12] ``.
_FILE = r"(?:[^\s\]]*[/\\])?[\w.\-+]+:\d+\] ?"

#: One prefix each. They may stand one after the other, in any order.
_PREFIXES = (
    # TensorFlow's own, and absl's (seen with 1.0 to 2.21)
    rf"(?:\d{{4}}-\d\d-\d\d {_TIME} ?: )?[IWEF] {_FILE}",
    rf"[IWEF](?:\d{{4}}|\d{{8}}) \d\d:\d\d:[\d.]+ +\d+ {_FILE}",
    # times: ISO 8601 (GitHub, Azure, Kubernetes, Docker, Python's logging), with what follows them there:
    # CRI's stream, GitLab's stream, a logger's name and level
    rf"[\[(]?{_STAMP}[\])]?(?::?\s+|$|\t)(?:(?:stdout|stderr) [FP] |\d\d[OE][ +])?"
    rf"(?:[|\-] *(?:[\w.]+ *[|\-] *)?{_LEVEL} *[|\-] *(?:[\w.<>]+:[\w.<>]+:\d+ - )?)?",
    rf"\[{_TIME}\]\s*(?:[IWE]: )?",
    rf"{_TIME}\s+(?=\S)",
    r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \d{4}\] ?",  # dmesg -T
    r"\[ *\d{1,7}\.\d{6}\] ?",  # dmesg
    r"(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.\-]+ (?:kernel: )?"
    # syslog: time, host, and who: but for services whose names say what the message is about
    r"(?:(?!nv|systemd|akmods|dkms|mod|udev)[\w.\-]+\[\d+\]: )?",
    r"[\w.\-]+ kernel: (?=\[|NVRM|nvidia|nouveau)",
    r"kernel: ",
    r"section_(?:start|end):\d+:[\w.\-]+(?:\[[^\]]*\])?",
    r"\d\d[OE][ +](?=section_|\S*\x1b)",
    r"travis_(?:fold|time):[\w:.\-=,]+",
    r"##\[[a-z\-]+\]",
    r"::(?:error|warning|notice|debug|group)(?: [^:]*)?::",
    r"\[(?:pod|container)/[^\]\s]+\] ",
    r"[\w.\-]*[\w.][\-_]\d+ +\| ?",  # Docker compose: web_1  |
    rf"[\w.\-]+ +\| (?={_STAMP}|[IWEF] \S+:\d+\]|[IWEF]\d{{4}} |Traceback )",
    r"#\d+ \d+\.\d{1,3} ",  # BuildKit
    r"\d+\.\d+s[ \t]+\d+[ \t]+(?=\S)",  # Kaggle
    r"\[\d+,(?:\d+|rank\d+)\]<std(?:out|err)>:? ?",  # mpirun, Horovod
    r"\[\d+\]<std(?:out|err)>:? ?",
    r"\[(?:rank|default|local_rank|gpu|node)_?\d+\]:? ",
    r"\((?:[\w.:\-]+(?:\([\w.]*\))? )?pid=\d+(?:, ip=[\d.]+)?\) ",  # Ray
    rf" {{0,3}}\d{{1,4}}: {_SAYS}",  # srun --label
    r"\[[IWECD] (?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(?:\.\d+)? \w+\] ",  # Jupyter's server
    r"(?:In|Out) ?\[\d*\]: ?",
    r"-{2,}> *\d+ ",  # the line where a notebook's traceback is
    r"E {3,}(?=\S)",  # pytest
    rf"{_LEVEL} +[\w.]+:[\w.]+\.py:\d+ ",  # pytest's captured log
    rf"{_LEVEL}:(?!tensorflow|absl)[\w.]+:(?=\S)",  # Python's logging
    rf"\[{_LEVEL}\] *:? ?(?=\S)",
    r" {0,6}\d{1,7}\t",  # cat -n
    rf"python(?:\.exe)? : {_SAYS}",  # PowerShell, of what a program writes to stderr
)
_PREFIX = re.compile("|".join(_PREFIXES))
#: No line has more of them, one after the other.
_MOST = 8


def stripped(line: str) -> str:
    """``line`` without its prefixes."""
    for _ in range(_MOST):
        found = _PREFIX.match(line)
        if not found or not found.end():
            return line
        line = line[found.end() :]
    return line


def starts(line: str) -> bool:
    """Whether a prefix shows that a line begins here, and is no rest of the one before."""
    found = _PREFIX.match(line)
    return bool(found and found.end())
