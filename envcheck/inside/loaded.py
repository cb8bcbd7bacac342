"""Which file the loader took for a library that is open."""

import ctypes


class LinkMap(ctypes.Structure):
    """The public head of glibc's and musl's link_map (link.h)."""

    _fields_ = [("address", ctypes.c_void_p), ("name", ctypes.c_char_p)]


def path_of(library):
    """The path that the loader took, by dlinfo(RTLD_DI_LINKMAP); None if it cannot tell."""
    try:
        found = ctypes.POINTER(LinkMap)()
        handle = ctypes.c_void_p(library._handle)
        if ctypes.CDLL(None).dlinfo(handle, ctypes.c_int(2), ctypes.byref(found)) == 0:
            return found.contents.name.decode("utf-8", "replace")
    except (AttributeError, OSError, TypeError, ValueError):
        pass
    return None
