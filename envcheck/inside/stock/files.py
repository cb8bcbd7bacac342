"""Shared libraries against RECORD, and what TensorFlow's own files say of its build."""

import io
import os

# Whose shared libraries are compared with RECORD, beside tensorflow*, tf-* and nvidia-*.
COMPARED = frozenset("grpcio h5py intel-tensorflow keras ml-dtypes numpy optree protobuf scipy wrapt".split())
LIBRARY_MARKS = (b".so", b".dll", b".pyd", b".dylib")


def size_of(path):
    """Bytes, or None where there is no such file."""
    try:
        return os.stat(path).st_size
    except (OSError, IOError):
        return None


def record_line(line):
    """(path, size or None) of one RECORD line: a path, its hash and its size, as CSV."""
    path, _, size = line.rpartition(",")
    path = path.rpartition(",")[0]
    if path.startswith('"'):
        path = path[1:-1].replace('""', '"')
    return path, int(size) if size.isdigit() else None


def library_lines(path):
    """The lines of a RECORD file that name shared libraries."""
    try:
        with io.open(path, "rb") as file:
            data = file.read()
    except (OSError, IOError):
        return []
    found = sorted({span for mark in LIBRARY_MARKS for span in lines_with(data, mark)})
    texts = [data[begin:end].decode("utf-8", "replace").rstrip("\r") for begin, end in found]
    return [text for text in texts if is_library(record_line(text)[0].rpartition("/")[2])]


def lines_with(data, mark):
    """Where the lines with ``mark`` begin and end; TensorFlow's RECORD has 20 000 lines and 50 of these."""
    at = data.find(mark)
    while at >= 0:
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield data.rfind(b"\n", 0, at) + 1, end
        at = data.find(mark, end)


def is_library(name):
    """Whether a file name is that of a shared library; ``libx.so.2`` is one, ``x.source.py`` none."""
    return name.endswith((".so", ".dll", ".pyd", ".dylib")) or ".so." in name


def suspects_of(folder, record):
    """(number compared, the RECORD lines whose file is missing or has another size)."""
    found = []
    lines = library_lines(os.path.join(folder, record["info"], "RECORD"))
    for line in lines:
        path, expected = record_line(line)
        size = size_of(os.path.join(folder, *path.split("/")))
        if size is None or (expected is not None and size != expected):
            found.append({"package": canonical(record["name"]), "line": line, "size": size})
    return len(lines), found


def tell_libraries(everything):
    """Shared libraries that are not as RECORD says."""
    count, found = 0, []
    for folder, record in everything:
        name = canonical(record["name"])
        if record["info"].endswith(".dist-info") and (is_family(name) or name in COMPARED):
            compared, suspects = suspects_of(folder, record)
            count += compared
            found += suspects
    emit("libraries", compared=count, suspects=found)


# Which file opens the CUDA libraries: the framework library since 1.15 (.so.1) and 2.0 (.so.2),
# before and on Windows the big extension module; libtensorflow_cc lies beside it since 2.11.
CALLERS = (
    "libtensorflow_framework.so.2",
    "libtensorflow_framework.so.1",
    "libtensorflow_framework.so",
    "libtensorflow_framework.2.dylib",
    "libtensorflow_cc.so.2",
    "libtensorflow_cc.2.dylib",
    "python/_pywrap_tensorflow_internal.so",
    "python/_pywrap_tensorflow_internal.pyd",
    "python/_pywrap_tensorflow_common.dll",
)
VERSION_HEADERS = ("core/public/release_version.h", "core/public/version.h")


def version_in_header(folder):
    """The version that the installed C headers state, or None."""
    for name in VERSION_HEADERS:
        text = text_of(os.path.join(folder, "include", "tensorflow", *name.split("/"))) or ""
        lines = [line.split() for line in text.splitlines() if line.startswith("#define TF_")]
        found = {words[1]: words[2].strip('"') for words in lines if len(words) == 3}
        parts = [found.get("TF_%s_VERSION" % part) for part in ("MAJOR", "MINOR", "PATCH")]
        if all(part and part.isdigit() for part in parts):
            return ".".join(parts) + found.get("TF_VERSION_SUFFIX", "").replace("-", "")
    return None


def build_info(folder):
    """The statements of the build info that the wheel carries, without its comments, or None."""
    text = text_of(os.path.join(folder, "python", "platform", "build_info.py"))
    if text is None:
        return None
    return "\n".join(line for line in text.splitlines() if line.strip() and line[0] != "#")[:8192]


def tell_tensorflow(folders):
    """The files of the tensorflow package that say how it was built."""
    for folder in folders:
        package = os.path.join(folder, "tensorflow")
        if os.path.isdir(package):
            files = [os.path.join(package, *name.split("/")) for name in CALLERS]
            callers = [{"path": path, "size": size_of(path)} for path in files if os.path.exists(path)]
            emit(
                "tensorflow",
                folder=package,
                initialised=os.path.exists(os.path.join(package, "__init__.py")),
                build_info=build_info(package),
                version_header=version_in_header(package),
                callers=callers,
            )
            return
