"""Names that say nothing of a person or a machine."""

from __future__ import annotations

#: Names that images, clouds, installers and systems give. Replacing ``lib`` or ``ubuntu`` in paths would
#: only break them.
ANYBODY = frozenset(
    [
        *("root", "user", "users", "admin", "administrator", "nobody", "app", "default", "public", "shared"),
        *("ubuntu", "debian", "fedora", "centos", "docker", "vagrant", "runner", "runneradmin", "jovyan"),
        *("vscode", "codespace", "gitpod", "colab", "kaggle", "ec2-user", "azureuser", "sagemaker-user"),
        *("linuxbrew", "conda", "build", "builder", "ci", "test", "localhost", "desktop", "server"),
        *("home", "lib", "lib64", "bin", "usr", "opt", "etc", "var", "tmp", "dev", "proc", "sys", "local"),
        *("share", "python", "python3", "site-packages", "dist-packages", "nvidia", "tensorflow"),
        *("system", "service", "daemon", "all users", "default user", "defaultuser0", "wheel", "staff"),
        *("cdrom", "usb", "username", "you", "yourname", "your-name", "me", "git", "hostname", "host"),
        *("anaconda", "anaconda3", "miniconda3", "pi", "raspberry", "raspberrypi"),
        *("windows", "program files", "programdata", "device", "none", "null", "unknown", "true", "false"),
        *("localdomain", "localhost.localdomain", "gateway", "kernel", "container", "node", "machine"),
    ]
)


def is_anybody(kind: str, name: str) -> bool:
    """Whether a user or host name says nothing of a person or a machine."""
    return kind in ("user", "host") and (name.lower() in ANYBODY or name.lower().startswith("localhost."))
