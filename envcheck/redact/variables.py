"""Environment variables by allow-list: the value of any other is hidden."""

from __future__ import annotations

import re

from .step import PLACEHOLDER, Book, compiled

#: Variables whose values may be passed on: those that bear on Python, TensorFlow, CUDA and the loader, and
#: those that say which system, which environment and which kind of machine it is.
_SHOWN = (
    r"(?i)(?:CUDA|CUDNN|NVIDIA|NVCC|NCCL|TF|TENSORFLOW|XLA|KERAS|OMP|KMP|MKL|OPENBLAS|HIP|ROCR|ROCM|HSA"
    r"|LD|DYLD|GRPC|ABSL"
    r"|XLA_PYTHON|JAX|TORCH|LC|MPLBACKEND|NUMEXPR|VECLIB|GOTO|TBB|TCMALLOC|MALLOC|GLIBC|OMPI"
    r"|HOROVOD)(?:_\w+)?"
    r"|PYTHON(?:HOME|PATH|NOUSERSITE|STARTUP|OPTIMIZE|UTF8|WARNINGS|IOENCODING|HASHSEED|UNBUFFERED"
    r"|VERBOSE|DEBUG"
    r"|DONTWRITEBYTECODE|PYCACHEPREFIX|PLATLIBDIR|SAFEPATH|FAULTHANDLER|TRACEMALLOC|DEVMODE|USERBASE"
    r"|EXECUTABLE"
    r"|COERCECLOCALE|LEGACYWINDOWSSTDIO|LEGACYWINDOWSFSENCODING|MALLOC|INSPECT|INTMAXSTRDIGITS"
    r"|NODEBUGRANGES|PERFSUPPORT"
    r"|_?GIL|_VERSION|PROFILEIMPORTTIME|ASYNCIODEBUG|BREAKPOINT|CASEOK|_BASIC_REPL|_COLORS|_HISTORY"
    r"|_CPU_COUNT)"
    r"|PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION|VIRTUAL_ENV|CONDA_(?:PREFIX|DEFAULT_ENV|EXE|PYTHON_EXE"
    r"|SHLVL)|PATH|HOME"
    r"|USERPROFILE|USER|USERNAME|LOGNAME|HOSTNAME|COMPUTERNAME|USERDOMAIN|TMPDIR|TMP|TEMP|LANG|LANGUAGE"
    r"|SHELL|TERM|CI"
    r"|GITHUB_ACTIONS|GITLAB_CI|BUILDKITE|CIRCLECI|JENKINS_URL|TF_BUILD|TEAMCITY_VERSION"
    r"|CODEBUILD_BUILD_ID|TRAVIS"
    r"|BITBUCKET_BUILD_NUMBER|APPVEYOR|CIRRUS_CI|DRONE|KUBERNETES_SERVICE_HOST|APPTAINER_CONTAINER"
    r"|SINGULARITY_CONTAINER"
    r"|ECS_CONTAINER_METADATA_URI_V4|container|COLAB_\w+|KAGGLE_KERNEL_RUN_TYPE|WSL_DISTRO_NAME"
    r"|WSL_INTEROP|WSLENV"
    r"|JUPYTER_(?:DATA_DIR|PATH)|XDG_DATA_HOME|XDG_CACHE_HOME|APPDATA|LOCALAPPDATA|PROGRAMDATA"
    r"|PROGRAMFILES|OS"
    r"|SYSTEMROOT|WINDIR|PROCESSOR_\w+|NUMBER_OF_PROCESSORS|DISPLAY|PWD|OLDPWD|SHLVL|_|LS_COLORS|EDITOR"
    r"|PIP_\w+|UV_\w+"
    r"|SLURM_\w*(?:CPU|GPU|TASK|MEM|NODES)\w*|DEBIAN_FRONTEND|LIBRARY_PATH|CPATH|PKG_CONFIG_PATH|COLUMNS"
    r"|LINES"
)
#: JSON objects under these keys are environments.
OBJECTS = frozenset({"env", "environ", "environment", "variables", "environment_variables"})
_LINE = r"[ \t>|]*(?:export |declare -x |set )?[A-Za-z_][A-Za-z0-9_()]*=[^\n]*"
#: What ``env`` prints: four variables or more, one to a line.
_LIST = rf"(?m)^(?:{_LINE}(?:\r?\n|\Z)){{4,}}"
#: One of them is in every environment, and in no other file of such lines.
_TELLING = (
    r"(?mi)^[ \t>|]*(?:export |declare -x |set )?[\"']?(?:PATH|HOME|USER|PWD|SHELL|SYSTEMROOT|USERPROFILE)="
)
_SETTING = (
    r"(?m)^([ \t>|]*(?:export |declare -x |set )?([A-Za-z_][A-Za-z0-9_()]*)=[\"']?)([^\r\n]+?)([\"']?\r?)$"
)
_PRINTED = r"environ\(\{[^\n]*?\}\)"
_PAIR = r"""(['"]([A-Za-z_][\w()]*)['"]: ['"])((?:[^'"\\]|\\.)*)(['"])"""


def is_shown(name: str) -> bool:
    """Whether the value of the variable ``name`` may be passed on."""
    return bool(compiled(_SHOWN).fullmatch(name))


def is_environment(key: str, value: object) -> bool:
    """Whether the JSON object ``value`` under ``key`` maps variables to their values."""
    return (
        key.lower() in OBJECTS
        and isinstance(value, dict)
        and all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_()]*", str(name)) for name in value)
        and sum(str(name).isupper() for name in value) * 2 > len(value)
    )


def hide(text: str, book: Book) -> str:
    """``text`` with the values hidden that stand in the output of ``env`` or in a printed ``os.environ``."""

    def setting(found: re.Match[str]) -> str:
        if is_shown(found[2]) or found[3].isdigit() or PLACEHOLDER.search(found[3]):
            return found[0]
        return found[1] + book.placeholder("variable", found[3]) + found[4]

    def listed(lines: str) -> str:
        return compiled(_SETTING).sub(setting, lines) if compiled(_TELLING).search(lines) else lines

    if "environ(" in text:
        text = compiled(_PRINTED).sub(lambda whole: compiled(_PAIR).sub(setting, whole[0]), text)
    if text.count("=") > 3 and compiled(_TELLING).search(text):
        text = compiled(_LIST).sub(lambda whole: listed(whole[0]), text)
    return text
