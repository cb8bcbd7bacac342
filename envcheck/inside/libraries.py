"""Opens the CUDA libraries as TensorFlow's own loader would, and says what came of it.

``ctypes.CDLL("libcudnn.so.9")`` fails in every healthy pip install: dlopen(3) looks where the
object that *calls* it says, and TensorFlow's calls come from a file with a RUNPATH of its own. So
the search is done here, in the order of ld.so(8), and the file found is opened by its full path,
in TensorFlow's order and in one process, as the first library decides what the next ones get.

``ARGS``: ``caller`` (the file that calls dlopen), ``sonames`` (in TensorFlow's order), ``lazily``
(sonames to look for only), ``parts`` (soname -> names that it opens itself), ``sites``
(site-packages folders with nvidia wheels), ``stems`` ("libcudnn": which further copies to list),
``skip`` (what killed an earlier child: a soname, or a soname and "()" for its version).

An event goes out before and after each risky call: what has no second one ended the process.
"""

# Runs in the examined interpreter, 3.6 or newer, after inside/events.py.

import io
import os
import sys

stage("libraries")

_saved_path = sys.path[:]
_own = set(os.environ.get("PYTHONPATH", "").split(os.pathsep)) | {"", ".", os.getcwd()}
sys.path[:] = [_entry for _entry in sys.path if _entry not in _own]  # a local ctypes.py is not wanted
import ctypes  # noqa: E402

sys.path[:] = _saved_path


# --- one file's dynamic section (the same as formats/elf.py, which a child cannot import) ---------


def _number(data, at, size):
    return int.from_bytes(data[at : at + size], "little")


def _ident(path):
    """Class, byte order and machine of an ELF file; None where it is too short or no ELF file."""
    with io.open(path, "rb") as file:
        head = file.read(20)
    return (head[4], head[5], _number(head, 18, 2)) if len(head) == 20 and head[:4] == b"\x7fELF" else None


def _read(file, offset, size):
    file.seek(offset)
    return file.read(size)


def _segments(file):
    """``(kind, offset, address, size in the file)`` of each segment of a little-endian 64-bit file."""
    head = _read(file, 0, 64)
    if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
        return []
    start, size, count = _number(head, 32, 8), _number(head, 54, 2), _number(head, 56, 2)
    table = _read(file, start, size * count)
    return [
        [_number(table, at, 4)] + [_number(table, at + place, 8) for place in (8, 16, 32)]
        for at in range(0, len(table) - 55, size or 56)
    ]


def _dynamic(path):
    """``{15: [rpath], 29: [runpath]}`` of a file."""
    found, entries, texts = {}, [], b""
    with io.open(path, "rb") as file:
        segments = _segments(file)
        for kind, offset, _, length in segments:
            if kind == 2:
                data = _read(file, offset, length)
                entries = [
                    (_number(data, i, 8), _number(data, i + 8, 8)) for i in range(0, len(data) - 15, 16)
                ]
        tags = dict(reversed(entries))
        where = tags.get(5, 0)
        for kind, offset, address, length in segments:
            if kind == 1 and address <= where < address + length:
                texts = _read(file, offset + where - address, tags.get(10, 0))
    for tag, value in entries:
        if tag in (15, 29) and value < len(texts):
            text = texts[value : texts.index(b"\0", value)]
            found.setdefault(tag, []).append(text.decode("utf-8", "surrogateescape"))
    return found


def _is_cut(path):
    """Does the file end before what its own header says is in it?"""
    try:
        with io.open(path, "rb") as file:
            ends = [offset + length for kind, offset, _, length in _segments(file) if kind == 1]
            return bool(ends) and os.fstat(file.fileno()).st_size < max(ends)
    except OSError:
        return False


def _folders(entries, origin):
    result = []
    for entry in entries:
        for path in entry.split(":"):
            path = path.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
            if path and path not in result:
                result.append(path)
    return result


_said = {}


def _says(path):
    """The folders a file's RPATH and RUNPATH name."""
    if path not in _said:
        _said[path] = _read_search_path(path)
    return _said[path]


def _read_search_path(path):
    origin = os.path.dirname(os.path.abspath(path))  # the loader does not resolve links here
    try:
        found = _dynamic(path)
    except (OSError, ValueError):
        return [], []
    runpath = _folders(found.get(29, []), origin)
    return ([] if runpath else _folders(found.get(15, []), origin)), runpath


# --- where the loader looks ----------------------------------------------------------------------

#: The loader splits at ":" and ";"; an empty part is the working directory (ld.so(8)).
_wish = os.environ.get("LD_LIBRARY_PATH", "")
_library_path = [_part or os.getcwd() for _part in _wish.replace(";", ":").split(":")] if _wish else []
_machine = _ident(os.path.realpath(sys.executable))


def _cached():
    """``(soname, path)`` of /etc/ld.so.cache in its order; None where it cannot be read.

    The layout is that of glibc's dl-cache.h, "glibc-ld.so.cache1.1": a header of 48 bytes, entries
    of 24 (flags, name, path, ...), texts counted from the header.
    """
    try:
        with io.open("/etc/ld.so.cache", "rb") as file:
            data = file.read()
    except OSError:
        return None
    start = data.find(b"glibc-ld.so.cache1.1")
    if start < 0:
        return None
    data = data[start:]
    wanted = {62: 0x0303, 183: 0x0A03}.get(_machine[2] if _machine else 0)
    result = []
    for i in range(48, 48 + 24 * _number(data, 20, 4), 24):
        if wanted is None or _number(data, i, 4) == wanted:
            name, path = _number(data, i + 4, 4), _number(data, i + 8, 4)
            result.append(
                tuple(
                    data[at : data.index(b"\0", at)].decode("utf-8", "surrogateescape") for at in (name, path)
                )
            )
    return result


_cache = _cached()
_usual = [
    "/lib64",
    "/usr/lib64",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib",
    "/usr/lib",
]


def _tidy(path):
    """The path without "..", unless that would lead elsewhere (through a link)."""
    plain = os.path.normpath(path)
    return plain if os.path.realpath(plain) == os.path.realpath(path) else path


def _taken(path):
    """Would the loader stop at this file? It passes by what it may not read or is for another machine."""
    try:
        ident = _ident(path)
    except OSError:
        return False
    return ident is None or _machine is None or ident == _machine


def _find(soname, owner):
    """``(path, how)`` for a name that ``owner`` opens: the order of ld.so(8)."""
    rpath, runpath = _says(owner) if owner else ([], [])
    steps = [(path, "rpath") for path in rpath]
    steps += [(path, "ld_library_path") for path in _library_path]
    steps += [(path, "runpath") for path in runpath]
    for folder, how in steps:
        path = os.path.join(folder, soname)
        if _taken(path):
            return _tidy(path), how
    for name, path in _cache or []:
        if name == soname and _taken(path):
            return path, "cache"
    for folder in _usual:
        if _taken(os.path.join(folder, soname)):
            return os.path.join(folder, soname), "default"
    # Without a cache (NixOS, Alpine) only the loader itself knows; with one, its answer would come
    # from this interpreter's own RPATH, which TensorFlow's call does not have.
    return None, ("name" if _cache is None else None)


# --- opening -------------------------------------------------------------------------------------


def _opened_as(library):
    """The path that the loader took for an open library (dlinfo(3), RTLD_DI_LINKMAP: address, name)."""
    try:
        dlinfo = ctypes.CDLL(None).dlinfo
    except AttributeError:
        return None
    link = ctypes.POINTER(ctypes.c_void_p)()
    if dlinfo(ctypes.c_void_p(library._handle), 2, ctypes.byref(link)) != 0:
        return None
    name = ctypes.cast(link[1], ctypes.c_char_p).value
    return name.decode("utf-8", "surrogateescape") if name else None


def _real(library):
    path = _opened_as(library)
    return os.path.realpath(path) if path else None


def _open_already(soname):
    try:
        return ctypes.CDLL(soname, mode=os.RTLD_NOLOAD)
    except OSError:
        return None


def _provider(error, owner):
    """What would be taken for the library that an "undefined symbol: f, version libX.so.1" names."""
    name = error.rpartition(", version ")[2].strip()
    return {"soname": name, "path": _find(name, owner)[0]} if ".so" in name and "symbol" in error else None


def _load(soname):
    """Open one library; None where that failed."""
    library = _open_already(soname)
    if library is not None:
        emit("open", soname=soname, path=None, how="already")
        real = _real(library)
        emit("opened", soname=soname, path=real, real=real, how="already", error=None, provider=None)
        return library
    path, how = _find(soname, ARGS.get("caller"))
    stage("libraries")  # each has the whole of its time: gigabytes may come over a network
    emit("open", soname=soname, path=path, how=how)
    error = provider = None
    if path or how:
        try:
            library = ctypes.CDLL(path or soname)
        except OSError as exc:
            error = str(exc)
            provider = _provider(error, path)
    else:
        error = soname + ": cannot open shared object file: No such file or directory"
    real = _real(library) if library is not None else None
    emit("opened", soname=soname, path=path or real, real=real, how=how, error=error, provider=provider)
    return library


# --- what number a library gives itself ----------------------------------------------------------


def _decimal(number, steps):
    parts = []
    for step in steps:
        parts.append(str(number // step))
        number %= step
    return ".".join(parts)


def _cudnn(library):
    library.cudnnGetVersion.restype = ctypes.c_size_t
    number = library.cudnnGetVersion()  # 8907 is 8.9.7, 92800 is 9.28.0 (cudnn_version.h)
    return _decimal(number, (10000, 100, 1) if number >= 90000 else (1000, 100, 1))


def _cudart(library):
    number = ctypes.c_int(0)  # 12090 is 12.9 (cudaRuntimeGetVersion)
    library.cudaRuntimeGetVersion(ctypes.byref(number))
    return "%d.%d" % (number.value // 1000, number.value % 1000 // 10)


def _property(stem):
    def ask(library):
        getter = getattr(library, stem[3:] + "GetProperty")  # 0 major, 1 minor, 2 patch (library_types.h)
        parts = []
        for kind in range(3):
            number = ctypes.c_int(0)
            if getter(kind, ctypes.byref(number)) != 0:
                return None
            parts.append(str(number.value))
        return ".".join(parts)

    return ask


_getters = {"libcudnn": ("cudnnGetVersion", _cudnn), "libcudart": ("cudaRuntimeGetVersion", _cudart)}


def _ask(soname, library):
    stem = soname.split(".so")[0]
    call, getter = _getters.get(stem) or (stem[3:] + "GetProperty", _property(stem))
    if not hasattr(library, call):
        return
    emit("ask", soname=soname, call=call)
    emit("version", soname=soname, call=call, version=getter(library))


# --- further copies ------------------------------------------------------------------------------


def _lies(name, folders):
    return any(os.path.exists(os.path.join(folder, name)) for folder in folders)


def _parts(soname, library):
    beside = _opened_as(library)
    folders = ([os.path.dirname(beside)] if beside else []) + _library_path
    cached = {name for name, _ in _cache or []}
    missing = [n for n in ARGS["parts"][soname] if not _lies(n, folders) and n not in cached]
    emit("parts", soname=soname, beside=beside, missing=missing)


def _listed(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _places():
    """Folders in which further copies may lie: wheels, toolkits (NVIDIA's, Arch's), conda environments."""
    wheels = [os.path.join(site, "nvidia") for site in ARGS.get("sites", [])]
    result = [os.path.join(wheel, name, "lib") for wheel in wheels for name in _listed(wheel)]
    roots = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH")]
    roots += [os.path.join(d, n) for d in ("/usr/local", "/opt") for n in _listed(d) if n.startswith("cuda")]
    for root in roots:
        result += [root + "/lib64", root + "/extras/CUPTI/lib64"] if root else []
    roots += [sys.prefix, os.environ.get("CONDA_PREFIX")]
    for root in roots:
        result += [root + "/lib", root + "/targets/x86_64-linux/lib"] if root else []
    return list({os.path.realpath(folder): folder for folder in reversed(result)}.values())[::-1]


def _copies():
    stems = set(ARGS.get("stems", []))
    seen = {}

    def note(path, how):
        stem, _, version = os.path.basename(path).partition(".so.")
        if stem in stems and version.replace(".", "").isdigit() and os.path.exists(path):
            real = os.path.realpath(path)
            if real not in seen or len(path) < len(seen[real]["path"]):
                seen[real] = {"path": path, "real": real, "how": seen.get(real, {}).get("how", how)}

    for folders, how in ((_library_path, "ld_library_path"), (_places(), "place")):
        for folder in folders:
            for name in _listed(folder):
                note(os.path.join(folder, name), how)
    for _, path in _cache or []:
        note(path, "cache")
    for copy in seen.values():
        copy["cut"] = _is_cut(copy["path"])
    return sorted(seen.values(), key=lambda copy: copy["path"])


def main():
    skip = ARGS.get("skip", [])
    rpath, runpath = _says(ARGS["caller"]) if ARGS.get("caller") else ([], [])
    emit("caller", path=ARGS.get("caller"), rpath=rpath, runpath=runpath, library_path=_library_path)
    emit("copies", copies=_copies())
    opened = []
    for soname in ARGS.get("sonames", []):
        if soname not in skip:
            library = _load(soname)
            if library is not None:
                opened.append((soname, library))
    for soname in ARGS.get("lazily", []):
        path, how = _find(soname, ARGS.get("caller"))
        emit("found", soname=soname, path=path, how=how)
    for soname, library in opened:
        if soname in ARGS.get("parts", {}):
            _parts(soname, library)
        if soname + "()" not in skip:
            _ask(soname, library)


main()
