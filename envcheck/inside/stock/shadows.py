"""Local files and folders that hide a module which TensorFlow imports."""

import os
import sys

# The standard modules that ``import tensorflow`` and a first Keras layer load: the union over
# 2.15.1, 2.20.0 and 2.21.0 on Python 3.11, read off sys.modules, without those already loaded by
# start-up. A local file by another name stays unnoticed by TensorFlow, so it is no finding.
STANDARD = frozenset(
    "argparse array ast asyncio base64 bdb binascii bisect bz2 calendar cmd code codeop collections"
    " colorsys concurrent configparser contextlib contextvars copy copyreg csv ctypes dataclasses"
    " datetime decimal difflib dis distutils email enum fcntl fnmatch fractions functools getopt"
    " getpass gettext glob grp gzip hashlib heapq hmac http importlib inspect ipaddress json keyword"
    " linecache locale logging lzma math mimetypes multiprocessing ntpath numbers opcode operator"
    " pathlib pdb pickle pkgutil platform pprint queue quopri random re reprlib secrets select"
    " selectors shlex shutil signal socket ssl string stringprep struct subprocess sysconfig tarfile"
    " tempfile termios textwrap threading timeit token tokenize traceback types typing unicodedata"
    " unittest urllib uuid warnings weakref xml zipfile zlib".split()
)
# The other packages it loads (same measurement), and the add-ons that are imported beside it.
PACKAGES = frozenset(
    "absl astunparse certifi charset_normalizer flatbuffers gast google grpc h5py idna keras"
    " ml_dtypes namex numpy opt_einsum optree packaging pandas PIL pkg_resources requests rich scipy"
    " setuptools six tensorboard tensorflow tensorflow_datasets tensorflow_estimator tensorflow_hub"
    " tensorflow_text termcolor tf_keras typing_extensions urllib3 wrapt".split()
)
SUFFIXES = (".py", ".pyc", ".pyd", ".so")


def module_of(folder, name):
    """(module, path) if ``name`` in ``folder`` is what an import would take; a folder without
    ``__init__.py`` is not: it comes after every regular package."""
    path = os.path.join(folder, name)
    stem = name.split(".")[0]
    if name.endswith(SUFFIXES) and not os.path.isdir(path):
        return stem, path
    if "." not in name and os.path.exists(os.path.join(path, "__init__.py")):
        return stem, path
    return None, None


def elsewhere(module, folders):
    """Whether another folder has a package or module of that name."""
    return any(
        os.path.exists(os.path.join(folder, end)) for folder in folders for end in (module, module + ".py")
    )


def is_installed_here(module, infos):
    """Whether the folder's own metadata names the module: installed, not left lying about."""
    stems = [canonical(info.split("-")[0]) for info in infos]
    names = {"google": "protobuf", "PIL": "pillow", "absl": "absl-py", "grpc": "grpcio"}
    wanted_name = canonical(names.get(module, module))
    return any(stem == wanted_name or stem.startswith(wanted_name + "-") for stem in stems)


def shadows_in(folder, installed):
    """The modules in ``folder`` that hide one of the standard library or an installed package."""
    infos = infos_in(folder or ".")
    found = []
    for name in names_in(folder):
        module, path = module_of(folder or here() or "", name)
        if module in STANDARD and module not in sys.builtin_module_names:
            found.append({"module": module, "path": path, "kind": "standard"})
        elif module in PACKAGES and not is_installed_here(module, infos):
            if module == "tensorflow" or elsewhere(module, installed):
                found.append({"module": module, "path": path, "kind": "package"})
    return found


def local_folders(path, installed):
    """The working directory, if it is searched, and PYTHONPATH; nothing else is the user's own."""
    local = [""] if here() and ("" in path or here() in path) else []
    keep = list(installed)
    keep += [standard_library(), os.path.join(standard_library(), "lib-dynload")]
    folders = []
    for folder in local + python_path():
        fresh = not any(same(folder, other) for other in folders)
        if fresh and os.path.isdir(folder or ".") and not any(same(folder, other) for other in keep):
            folders.append(folder)
    return folders


def tell_shadows(path, installed):
    """Local files that an import takes in place of the real module."""
    found = []
    for folder in local_folders(path, installed):
        found += shadows_in(folder, installed)
    emit("shadows", found=found)
