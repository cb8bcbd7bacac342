"""What is told of a machine: options as people write them, and what stands in logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envcheck import given
from envcheck.given import follow
from envcheck.model import Known, Unknown, Wrong
from envcheck.search import Text

LOGS = Path(__file__).parent / "logs"


def told(*pairs: str) -> dict[str, Any]:
    facts, _ = given.options(pairs, follow.names())
    return {name: fact.value for name, fact in facts.items()}


def read(text: str) -> dict[str, Any]:
    return {name: fact.value for name, fact in given.from_text(Text.of(text)).items()}


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Windows 10", {"system": "Windows", "release": "10", "wsl": None}),
        ("Windows 11 23H2", {"system": "Windows", "release": "11"}),
        ("Microsoft Windows 10.0.19045", {"system": "Windows", "windows_build": 19045}),
        ("Ubuntu 22.04", {"system": "Linux", "distro": "ubuntu", "distro_version": "22.04"}),
        ("Linux Ubuntu 22.04.3 LTS", {"system": "Linux", "distro": "ubuntu", "distro_version": "22.04"}),
        ("Ubuntu on AWS EC2", {"system": "Linux", "distro": "ubuntu", "distro_version": None}),
        ("WSL2 Ubuntu 22.04", {"system": "Linux", "wsl": 2, "distro": "ubuntu"}),
        ("Windows 10 build 20150, WSL", {"system": "Linux", "wsl": 2}),
        ("WSL1", {"system": "Linux", "wsl": 1}),
        ("macOS 13.4 (Apple M1)", {"system": "Darwin", "macos_version": "13.4", "architecture": "arm64"}),
        ("macOS 10.13.6 (Intel)", {"macos_version": "10.13.6", "architecture": "x86_64"}),
        ("MacOS Mojave 10.14", {"system": "Darwin", "architecture": "x86_64"}),
        ("macOS", {"system": "Darwin", "architecture": None}),
        ("macOS 12.0 (Apple M1), Docker", {"system": "Linux", "container": "docker"}),
        ("CentOS/RHEL 6", {"system": "Linux", "distro": "centos"}),
        ("Docker (nvidia/cuda:10.1-devel-ubuntu18.04)", {"container": "docker", "distro_version": "18.04"}),
        ("Google Colab (Linux)", {"system": "Linux"}),
        ("Linux 5.4.0-88", {"system": "Linux", "release": "5.4.0-88"}),
        ("Raspbian 9, Raspberry Pi 3B (32-bit ARM)", {"distro": "raspbian", "architecture": "armv7l"}),
        ("Linux aarch64 (Jetson Nano)", {"system": "Linux", "architecture": "aarch64"}),
        ("Alpine 3.19", {"system": "Linux", "libc": "musl"}),
        ("Ubuntu 18.04 in VirtualBox", {"system": "Linux", "hypervisor": "virtualbox"}),
        ("Ubuntu 18.04 in a virtual machine", {"distro_version": "18.04", "hypervisor": "other"}),
        ("Azure VM, Ubuntu 20.04", {"distro": "ubuntu", "hypervisor": None}),
        ("Ubuntu 64-bit", {"distro": "ubuntu", "distro_version": None}),
        ("Ubuntu 14.04 32 bit", {"distro_version": "14.04", "architecture": None}),
        ("Windows 10 (Hyper-V guest)", {"system": "Windows", "hypervisor": "hyper-v"}),
        ("Debian 12, Proxmox VM", {"distro": "debian", "hypervisor": "kvm"}),
        ("Ubuntu 16.04 (Azure VM)", {"distro": "ubuntu", "hypervisor": None}),
        ("my own", {"system": None}),
    ],
)
def test_the_system_as_people_write_it(text: str, expected: dict[str, Any]) -> None:
    facts = told(f"os={text}")
    assert {name: facts.get(f"platform.{name}") for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.9.7", {"python.version": "3.9.7"}),
        ("3.10 (64-bit)", {"python.version": "3.10", "python.bits": 64}),
        ("3.7.7 32-bit", {"python.version": "3.7.7", "python.bits": 32}),
        ("Anaconda 3.8", {"python.version": "3.8", "python.environment": "conda"}),
        ("cp311", {"python.version": "3.11"}),
        ("3.13t", {"python.version": "3.13", "python.free_threaded": True}),
        ("PyPy 3.10", {"python.version": "3.10", "python.implementation": "pypy"}),
        ("3.x", {}),
    ],
)
def test_python(text: str, expected: dict[str, Any]) -> None:
    assert told(f"python={text}") == expected


@pytest.mark.parametrize(
    ("text", "version", "distribution"),
    [
        ("2.10.0", "2.10.0", None),
        ("tensorflow-gpu 1.15", "1.15", "tensorflow-gpu"),
        ("2.20 nightly", "2.20", "tf-nightly"),
        ("1.15 (nvidia-tensorflow)", "1.15", "nvidia-tensorflow"),
        ("v2.10.0-rc3-6-g359c3cdfc5f 2.10.0", "2.10.0", None),
        ("2.0.0-rc1", "2.0.0rc1", None),
        ("2.15.0.post1", "2.15.0.post1", None),
        ("tensorflow-directml", None, "tensorflow-directml"),
    ],
)
def test_tensorflow(text: str, version: str | None, distribution: str | None) -> None:
    facts = told(f"tensorflow={text}")
    assert facts.get("tensorflow.version") == version
    assert facts.get("tensorflow.distribution") == distribution


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("460.91.03", "460.91.03"),
        ("R535", "535"),
        ("Game Ready 551.23", "551.23"),
        ("27.21.14.5671", "456.71"),
    ],
)
def test_the_driver_by_any_of_its_numbers(text: str, version: str) -> None:
    assert told(f"driver={text}")["driver.version"] == version


def test_two_drivers_are_no_version() -> None:
    assert told("driver=460.91.03 / 470.57.02") == {"driver.installed": True}
    assert told("driver=none")["driver.version"] is None


@pytest.mark.parametrize(
    ("text", "names", "computes"),
    [
        ("RTX 3090", ["RTX 3090"], ["8.6"]),
        ("GeForce GTX 1080 Ti 11GB", ["GeForce GTX 1080 Ti"], ["6.1"]),
        ("4x GeForce RTX 2080", ["GeForce RTX 2080"] * 4, ["7.5"] * 4),
        ("8 x A100", ["A100"] * 8, ["8.0"] * 8),
        ("Quadro K2000M", ["Quadro K2000M"], ["3.0"]),
        ("A100-SXM4-40GB", ["A100-SXM4-40GB"], ["8.0"]),
        ("NVIDIA A10, Tesla T4", ["NVIDIA A10", "Tesla T4"], ["8.6", "7.5"]),
        ("GeForce RTX 5000 series (compute capability 12.0)", ["GeForce RTX 5000"], ["12.0"]),
        ("GeForce GTX 1050 Ti 4GB, Intel HD Graphics 630", ["GeForce GTX 1050 Ti"], ["6.1"]),
        ("GeForce Titan X", ["GeForce Titan X"], [None]),  # there were two of that name
        ("Intel integrated graphics only", [], []),
        ("none", [], []),
    ],
)
def test_gpus_as_people_call_them(text: str, names: list[str], computes: list[str | None]) -> None:
    gpus = told(f"gpu={text}")["hardware.gpus"]
    assert [gpu["name"] for gpu in gpus] == names
    assert [gpu["compute"] for gpu in gpus] == computes


@pytest.mark.parametrize(
    ("text", "name"), [("AMD RX 6800", "AMD RX 6800"), ("AMD (the NVIDIA card was removed)", "AMD")]
)
def test_amd_gpus_are_no_nvidia_gpus(text: str, name: str) -> None:
    facts = told(f"gpu={text}")
    assert facts["hardware.gpus"] == []
    assert [gpu["name"] for gpu in facts["hardware.amd_gpus"]] == [name]


def test_several_gpus() -> None:
    facts = told("gpu=RTX 3090", "gpu=GTX 1080")
    assert [gpu["compute"] for gpu in facts["hardware.gpus"]] == ["8.6", "6.1"]


@pytest.mark.parametrize(
    ("gpus", "state"),
    [
        ("A100, MIG enabled (two instances)", "all"),
        ("A100 40GB, no MIG", "none"),
        ("NVIDIA A100-PCIE-40GB, partitioned with MIG", "all"),
        ("2x A100, one with MIG", "some"),
        ("A100 MIG 3g.20gb; RTX 4090", "some"),
        ("A100 40GB", None),
    ],
)
def test_mig_is_told_with_the_gpu(gpus: str, state: str | None) -> None:
    facts = told(f"gpu={gpus}")
    assert facts.get("driver.mig_gpus") == state
    assert facts["hardware.gpus"][0]["chip"] == "GA100"


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("tensorflow-gpu 1.8 and tf-nightly-gpu 1.10.0.dev20180620 both installed", True),
        ("tensorflow 2.4 and tensorflow-gpu 2.4, both installed", True),
        ("tensorflow-gpu 1.8 or tensorflow 1.9", False),
        ("tensorflow 2.3, then tensorflow-gpu 2.4", False),
        ("tensorflow-gpu 1.15", False),
    ],
)
def test_two_packages_beside_each_other(text: str, both: bool) -> None:
    assert bool(told(f"tensorflow={text}").get("tensorflow.overlapping")) is both


def test_what_cannot_be_read_is_left_out_and_said() -> None:
    facts, left = given.options(["gpu=a big one", "os=my own", "python=3.11"])
    assert set(facts) == {"python.version"}
    assert left == ["os=my own", "gpu=a big one"]


@pytest.mark.parametrize(
    "pair", ["python=banana", "driver=x", "pyton=3.11", "python", "python=", "no.fact=1"]
)
def test_nonsense_is_one_sentence(pair: str) -> None:
    with pytest.raises(Wrong) as wrong:
        given.options([pair], follow.names())
    assert str(wrong.value).startswith("--given ")
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    "text", ["latest", "not installed", "toolkit not installed", "not given", "n/a (CPU)", "via pip"]
)
def test_what_is_no_version_and_no_nonsense_says_nothing(text: str) -> None:
    facts, left = given.options([f"cuda={text}"])
    assert (facts, left) == ({}, [f"cuda={text}"]) or facts["cuda.toolkits"] == Known([], ("--given cuda",))


def test_an_unknown_key_names_the_known_ones() -> None:
    with pytest.raises(Wrong, match="python, os, tensorflow, driver, cuda, cudnn, gpu"):
        given.options(["pyton=3.11"])


def test_a_fact_by_its_own_name() -> None:
    facts = told("platform.container=docker", "wanted.gpu=1", "hardware.gpus=[]", "driver.installed=true")
    assert facts["platform.container"] == "docker"
    assert facts["wanted.gpu"] == 1
    assert facts["hardware.gpus"] == []
    assert facts["driver.installed"] is True


def test_who_names_cuda_wants_a_gpu() -> None:
    assert told("cuda=11.2")["wanted.gpu"] == 1
    assert told("cuda=9.2.148.1")["cuda.toolkits"][0]["version"] == "9.2.148.1"
    assert "wanted.gpu" not in told("python=3.9")


# --- what follows ---------------------------------------------------------------------------------


def test_the_tables_follow() -> None:
    facts = follow.follow(given.options(["os=Ubuntu 22.04", "arch=x86_64", "tensorflow=2.15.0"])[0])
    assert facts["tensorflow.requires_numpy"] == Known(
        "<2.0.0,>=1.23.5", facts["tensorflow.requires_numpy"].source
    ) or (isinstance(facts["tensorflow.requires_numpy"], Known))
    assert isinstance(facts["python.executable"], Unknown)


def test_a_gpu_too_new_for_a_build_follows() -> None:
    pairs = ["os=Linux", "arch=x86_64", "tensorflow=2.10.0", "gpu=RTX 5090"]
    facts = given.options(pairs)[0]
    facts["tensorflow.distribution"] = Known("tensorflow")
    runs = follow.follow(facts)["tensorflow.gpus_run"]
    assert isinstance(runs, Known)
    assert runs.value in ("ptx-jit", "no")


def test_what_nobody_told_is_skipped_and_never_a_bug() -> None:
    facts = follow.follow({})
    kinds = {fact.kind for name in facts if isinstance(fact := facts[name], Unknown)}
    assert kinds <= {"skipped"}


def test_every_fact_can_be_given_everything() -> None:
    pairs = [
        "os=Windows 10",
        "arch=x86_64",
        "tensorflow=2.10.0",
        "gpu=RTX 3090",
        "driver=531.14",
        "cuda=11.2",
    ]
    facts = follow.follow(given.options([*pairs, "cudnn=8.1", "python=3.9"])[0])
    bugs = [name for name in facts if isinstance(fact := facts[name], Unknown) and fact.kind == "bug"]
    assert bugs == []


# --- what stands in a log -------------------------------------------------------------------------


def test_an_issue_form_of_2018() -> None:
    facts = read((LOGS / "issue-form-2018.txt").read_text("utf-8"))
    assert facts["platform.system"] == "Windows"
    assert facts["python.version"] == "3.7.3"
    assert facts["python.bits"] == 64
    assert facts["tensorflow.version"] == "1.13.1"
    assert facts["cuda.toolkits"] == [{"path": None, "version": "10.0"}]
    assert facts["cuda.cudnn_version"] == "7.4.2"
    assert [gpu["name"] for gpu in facts["hardware.gpus"]] == ["GeForce GTX 1050 Ti"]
    assert facts["tensorflow.import_outcome"] == "exception"


def test_an_issue_form_of_2022() -> None:
    facts = read((LOGS / "issue-form-2022.txt").read_text("utf-8"))
    assert facts["platform.distro_version"] == "20.04"
    assert facts["python.version"] == "3.8.10"
    assert facts["tensorflow.version"] == "2.9.1"
    assert facts["cuda.cudnn_version"] == "8.1"
    assert [gpu["compute"] for gpu in facts["hardware.gpus"]] == ["8.6"]
    assert [library["missing"] for library in facts["cuda.libraries"]] == ["libcudnn.so.8"]


@pytest.mark.parametrize(
    ("said", "here", "least"),
    [
        ("Loaded runtime CuDNN library: 9.1.0 but source was compiled with: 9.3.0.  CuDNN", "9.1.0", "9.3"),
        (
            "Loaded runtime CuDNN library: 7102 (compatibility version 7100) but source was compiled with "
            "7003 (compatibility version 7000).",
            "7.1.2",
            "7.0",
        ),
        ("Loaded cuDNN library: 5005 but source was compiled with 5105", "5.0.5", "5.1"),
    ],
)
def test_the_two_versions_of_cudnn_in_tensorflows_complaint(said: str, here: str, least: str) -> None:
    facts = read(said)
    assert (facts["cuda.cudnn_version"], facts["cuda.cudnn_least"]) == (here, least)
    assert facts["tensorflow.cudnn"] == least.partition(".")[0]


def test_half_a_complaint_tells_no_versions() -> None:
    assert "cuda.cudnn_least" not in read(
        "Loaded runtime CuDNN library: 7... but source was compiled with 7..."
    )


def test_the_gpu_build_of_old_is_a_package_of_its_own() -> None:
    log = "Could not dlopen library 'libcudnn.so.7'; dlerror: libcudnn.so.7: cannot open shared object file"
    for version, package in (("1.14.0", "tensorflow-gpu"), ("2.4.0", "tensorflow")):
        usual = follow.usual({**given.together(Text.of(log), {"tensorflow.version": Known(version)})})
        assert usual["tensorflow.distribution"].value == package


def test_nvidia_smi() -> None:
    facts = read((LOGS / "smi-1080ti.txt").read_text("utf-8"))
    assert facts["driver.version"] == "418.56"
    assert facts["driver.cuda"] == "10.1"
    assert [gpu["compute"] for gpu in facts["hardware.gpus"]] == ["6.1", "6.1"]
    assert [gpu["memory_gb"] for gpu in facts["hardware.gpus"]] == [11, 11]
    assert facts["driver.exclusive_gpus"] == "some"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Python 3.10.4 (main, Mar 31 2022, 08:41:55) [GCC 7.5.0] on linux", "python.version", "3.10.4"),
        (
            "Python 3.6.1 (v3.6.1:69c0db5, Mar 21 2017, 17:54:52) [MSC v.1900 32 bit (Intel)] on win32",
            "python.bits",
            32,
        ),
        ("pip 20.0.2 from /usr/lib/python3/dist-packages/pip (python 3.8)", "python.version", "3.8"),
        ("pip 20.0.2 from /usr/lib/python3/dist-packages/pip (python 3.8)", "python.pip", "20.0.2"),
        (
            '  File "/home/x/env/lib/python3.9/site-packages/keras/a.py", line 1, in f',
            "python.version",
            "3.9",
        ),
        (r'  File "C:\Python\Python37-32\lib\imp.py", line 1, in f', "python.bits", 32),
        ("hint: You require CPython 3.14 (`cp314`), but we only found wheels", "python.version", "3.14"),
        (">>> tf.__version__\n'2.3.0'", "tensorflow.version", "2.3.0"),
        ("tensorflow-gpu          2.4.1", "tensorflow.distribution", "tensorflow-gpu"),
        ("Successfully installed keras-3.3.3 numpy-1.26.4 tensorflow-2.16.1", "python.numpy", "1.26.4"),
        (
            "tensorflow 2.15.0 requires numpy<2.0.0, but you have numpy 2.0.0 which is incompatible.",
            "python.numpy",
            "2.0.0",
        ),
        (
            "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.0.1 as it may crash.",
            "python.numpy",
            "2.0.1",
        ),
        ("$ pip install tensorflow==1.13", "wanted.tensorflow", "==1.13"),
        ("Linux-5.15.90.1-microsoft-standard-WSL2-x86_64-with-glibc2.31", "platform.wsl", 2),
        ("Linux-5.15.90.1-microsoft-standard-WSL2-x86_64-with-glibc2.31", "platform.glibc", "2.31"),
        (
            "Linux box 5.4.0-88-generic #99-Ubuntu SMP x86_64 GNU/Linux",
            "platform.release",
            "5.4.0-88-generic",
        ),
        ("  Downloading tensorflow-2.13.0-cp311-cp311-macosx_12_0_arm64.whl", "platform.system", "Darwin"),
        ("root@3f2a8c1d9e0b:/workspace# python train.py", "platform.container", "docker"),
        ("[root@3f2a8c1d9e0b /]# nvidia-smi", "platform.container", "docker"),
        ("tf-docker /tf > python train.py", "platform.container", "docker"),
        ("root@deadbeefcafe:~# ls", "platform.container", None),  # a name, and no number in it
        ("LD_LIBRARY_PATH: /opt/lib::/.singularity.d/libs", "platform.container", "singularity"),
        ("Singularity> python train.py", "platform.container", "singularity"),
        ("root@train-5d8f7c9b6d-x7k2p:/app# nvidia-smi", "platform.container", "kubernetes"),
        ("user@user-VirtualBox:~$ nvidia-smi", "platform.hypervisor", "virtualbox"),
        (
            "is not running on this host (me-VMware-Virtual-Platform)",
            "platform.hypervisor",
            "vmware",
        ),
        ("Could not load dynamic library 'cudart64_110.dll'", "platform.system", "Windows"),
        (
            "Cuda compilation tools, release 11.2, V11.2.67",
            "cuda.toolkits",
            [{"path": None, "version": "11.2.67"}],
        ),
        ("Loaded cuDNN version 8100", "cuda.cudnn_version", "8.1.0"),
        ("Loaded cuDNN version 90300", "cuda.cudnn_version", "9.3.0"),
        ("libcuda reported version is: 390.116.0", "driver.version", "390.116.0"),
        ("tf.config.list_physical_devices('GPU')", "wanted.gpu", 1),
    ],
)
def test_one_line_tells(text: str, name: str, value: Any) -> None:
    assert read(text).get(name) == value


@pytest.mark.parametrize(
    ("text", "name", "compute"),
    [
        ('Device 0: "GeForce GTX 580"', "GeForce GTX 580", None),
        ("    Product Name                    : Tesla K80", "Tesla K80", "3.7"),
        ("Found GPU0 GeForce GT 650M which is of cuda capability 3.0.", "GeForce GT 650M", "3.0"),
        ("NVIDIA GeForce RTX 5070 with CUDA capability sm_120 is not compatible with", None, "12.0"),
        ("       product: GM107M [GeForce GTX 960M]", "GeForce GTX 960M", "5.0"),
    ],
)
def test_gpus_in_other_programs_words(text: str, name: str | None, compute: str | None) -> None:
    gpu = read(text)["hardware.gpus"][0]
    assert (name or gpu["name"], gpu["compute"]) == (gpu["name"], compute)


def test_lspci_of_all_controllers_shows_what_is_not_there() -> None:
    intel = "00:02.0 VGA compatible controller: Intel Corporation UHD Graphics 620 (rev 07)\n"
    amd = "03:00.0 Display controller: Advanced Micro Devices, Inc. [AMD/ATI] Polaris 22 [Radeon RX Vega]\n"
    cuda = "01:00.0 3D controller: NVIDIA Corporation GP107M [GeForce GTX 1050 Mobile] (rev a1)\n"
    assert read(f"$ lspci | grep -iE 'vga|3d'\n{intel}")["hardware.gpus"] == []
    assert "hardware.gpus" not in read(f"$ lspci | grep VGA\n{intel}")  # a 3D controller is none
    assert "Radeon RX Vega" in read(f"$ lspci\n{intel}{amd}")["hardware.amd_gpus"][0]["name"]
    assert read(f"$ lspci -k\n{intel}\tKernel driver in use: i915\n{cuda}")["hardware.gpus"]


@pytest.mark.parametrize(
    ("library", "module", "told"),
    [
        ("450.51.5", "450.51.05", "450.51.05"),
        ("367.57.0", "367.57", "367.57"),
        ("367.57.0", "367.48", "367.57"),
    ],
)
def test_the_drivers_two_sides(library: str, module: str, told: str) -> None:
    text = f"""libcuda reported version is: {library}
driver version file contents: NVRM version: NVIDIA UNIX x86_64 Kernel Module  {module}  Sat Sep  3"""
    facts = read(text)
    assert (facts["driver.library_version"], facts["driver.module_version"]) == (told, module)


def test_devices_that_tensorflow_lists() -> None:
    line = "name: GeForce GTX 970 major: 5 minor: 2 memoryClockRate(GHz): 1.253"
    assert [gpu["compute"] for gpu in read(line)["hardware.gpus"]] == ["5.2"]
    line = "-> device: 0, name: NVIDIA A10, pci bus id: 0000:00:1e.0, compute capability: 8.6"
    gpu = read(line)["hardware.gpus"][0]
    assert (gpu["name"], gpu["bus_id"], gpu["compute"]) == ("NVIDIA A10", "0000:00:1e.0", "8.6")


@pytest.mark.parametrize(
    "text",
    [
        "Ignored the following versions that require a different Python: 2.9 Requires-Python <3.11",
        "Could not find a version that satisfies the requirement tensorflow (from versions: 2.8.0, 2.9.0)",
        "tensorflow_gpu-1.0.1-cp34-cp34m-linux_x86_64.whl is not a supported wheel on this platform.",
    ],
)
def test_versions_of_others_are_no_evidence(text: str) -> None:
    facts = read(text)
    assert "python.version" not in facts
    assert "tensorflow.version" not in facts


def test_a_whole_pip_list_tells_what_is_absent() -> None:
    listing = (
        "Package    Version\n---------- -------\nnumpy      1.26.4\npip        24.0\ntensorflow 2.16.1\n"
    )
    facts = follow.follow(given.from_text(Text.of(listing)))
    assert facts["python.keras"] == Known(None, facts["python.keras"].source)
    partly = given.from_text(Text.of("numpy      1.26.4\ntensorflow 2.16.1\n"))
    assert "python.distributions" not in partly


def test_a_failed_import_is_told_from_a_failure_after_it() -> None:
    failed = (
        "Traceback (most recent call last):\n"
        '  File "train.py", line 1, in <module>\n'
        "    import tensorflow as tf\n"
        '  File "/x/site-packages/tensorflow/__init__.py", line 24, in <module>\n'
        "    from tensorflow.python import pywrap_tensorflow\n"
        "ImportError: libcublas.so.9.0: cannot open shared object file: No such file or directory\n"
    )
    after = (
        "Traceback (most recent call last):\n"
        '  File "train.py", line 9, in <module>\n'
        "    model.fit(x, y)\n"
        "ValueError: Shapes (None, 1) and (None, 10) are incompatible\n"
    )
    assert read(failed)["tensorflow.import_outcome"] == "exception"
    assert read(failed)["tensorflow.import_exception"] == "ImportError"
    assert "tensorflow.import_outcome" not in read(after)
    assert read(after)["training.succeeded"] is False


def test_a_traceback_that_was_cut_off_does_not_say_how_the_import_ended() -> None:
    cut = """Traceback (most recent call last):
  File "/venv/lib/python3.7/site-packages/tensorflow/python/pywrap_tensorflow.py", line 58, in <module>
    from tensorflow.python.pywrap_tensorflow_internal import *
"""
    assert "tensorflow.import_outcome" not in read(cut)
    assert read(cut + "ImportError: libx.so: cannot open it\n")["tensorflow.import_outcome"] == "exception"


def test_an_illegal_instruction_counts_where_the_import_is_shown() -> None:
    assert (
        read('$ python -c "import tensorflow"\nIllegal instruction (core dumped)')["tensorflow.import_signal"]
        == "SIGILL"
    )
    assert "tensorflow.import_signal" not in read("Illegal instruction (core dumped)")


def test_options_outweigh_the_log_and_the_log_this_machine() -> None:
    log = Text.of("Python 3.10.4")
    here = {"python.version": Known("3.12.1"), "platform.system": Known("Linux")}
    facts = given.together(log, {}, here)
    assert (facts["python.version"].value, facts["platform.system"].value) == ("3.10.4", "Linux")
    facts = given.together(log, given.options(["python=3.9"])[0], here)
    assert facts["python.version"] == Known("3.9", ("--given python",))


def test_the_source_is_the_line() -> None:
    assert given.from_text(Text.of("\n\nPython 3.10.4\n"))["python.version"].source == ("line 3",)


def test_a_wheel_for_this_very_python_is_refused_by_a_32_bit_one() -> None:
    log = Text.of("tensorflow_gpu-1.2.0-cp36-cp36m-win_amd64.whl is not a supported wheel on this platform.")
    told_ = given.options(["os=Windows 10", "python=3.6.1"])[0]
    assert given.together(log, told_)["python.bits"].value == 32
    assert "python.bits" not in given.together(log, given.options(["python=3.7"])[0])


@pytest.mark.parametrize("system", ["Ubuntu 20.04", "macOS 12"])
def test_a_wheel_for_windows_says_nothing_of_another_systems_bits(system: str) -> None:
    log = Text.of("tensorflow_gpu-1.8.0-cp27-cp27m-win_amd64.whl is not a supported wheel on this platform.")
    assert "python.bits" not in given.together(log, given.options([f"os={system}", "python=2.7"])[0])


def test_an_import_that_was_cut_off_failed_where_two_packages_overwrite_each_other() -> None:
    log = Text.of(
        "Traceback (most recent call last):\n"
        '  File "train.py", line 1, in <module>\n    import tensorflow as tf\n'
        '  File "/venv/lib/python3.6/site-packages/tensorflow/__init__.py", line 22, in <module>\n'
    )
    two = given.options(["tensorflow=tensorflow-gpu 1.8 and tf-nightly-gpu 1.10 both installed"])[0]
    assert given.together(log, two)["tensorflow.import_outcome"].value == "exception"
    assert "tensorflow.import_outcome" not in given.together(log, given.options(["tensorflow=1.8"])[0])


def test_given_cuda_tells_whether_a_missing_library_is_there() -> None:
    log = Text.of("ImportError: libcublas.so.9.0: cannot open shared object file: No such file or directory")

    def other(cuda: str) -> Any:
        facts = follow.follow(given.together(log, given.options([f"cuda={cuda}"])[0]))
        return facts["cuda.other_cuda"], facts["cuda.absence"]

    assert [fact.value for fact in other("9.0")] == [None, "nothing"]
    assert [fact.value for fact in other("8.0")] == ["8.0", "all"]


def test_work_on_a_gpu_shows_a_build_that_can_use_it() -> None:
    line = "Executing op VarHandleOp in device /job:localhost/replica:0/task:0/device:GPU:0"
    assert read(line)["tensorflow.cuda_build"] is True
    assert "tensorflow.cuda_build" not in read(line.replace("GPU", "CPU"))
    assert "tensorflow.cuda_build" not in read(f"Metal device set to: Apple M1\n{line}")


@pytest.mark.parametrize(
    ("line", "system", "machine"),
    [  # 64 bits may be emulated ones
        ("  - https://repo.anaconda.com/pkgs/main/osx-arm64", "Darwin", "arm64"),
        ("  - https://conda.anaconda.org/conda-forge/linux-aarch64", "Linux", "aarch64"),
        ("Error: Package missing in current win-64 channels:", "Windows", None),
    ],
)
def test_conda_asks_its_channels_for_this_system(line: str, system: str, machine: str | None) -> None:
    facts = read(f"PackagesNotFoundError: not available from current channels:\n{line}\n")
    assert (facts["platform.system"], facts.get("platform.architecture")) == (system, machine)


def test_a_search_of_the_bus_that_finds_nothing() -> None:
    search = "ada@vps:~$ lspci | grep -i nvidia\nada@vps:~$ nvidia-smi\n"
    assert read(search)["hardware.gpus"] == []
    assert "hardware.gpus" not in read(search.replace("-i ", ""))  # lspci writes it in capitals
    assert "hardware.gpus" not in read(f"Linux-5.15.90.1-microsoft-standard-WSL2\n{search}")


def test_a_sleep_is_told_with_the_system() -> None:
    facts = given.options(["os=Ubuntu 20.04, after waking from suspend"])[0]
    assert facts["driver.suspended"].value is True
    assert "driver.suspended" not in given.options(["os=Ubuntu 20.04"])[0]


def test_rosetta_is_told_with_the_system() -> None:
    facts = given.options(["os=macOS 11.2, Apple silicon, shell under Rosetta"])[0]
    assert facts["platform.rosetta"].value is True


@pytest.mark.parametrize(
    ("option", "rosetta"), [("gpu=Apple M2", True), ("os=macOS, Apple silicon", True), ("gpu=Radeon", None)]
)
def test_rosetta_is_an_intel_python_on_apples_processor(option: str, rosetta: bool | None) -> None:
    log = Text.of(
        '% python -c "import platform; print(platform.platform())"\nmacOS-10.16-x86_64-i386-64bit\n'
    )
    facts = given.together(log, given.options([option])[0])
    assert (facts["platform.rosetta"].value if "platform.rosetta" in facts else None) is rosetta


def test_wsl_1_is_known_by_its_kernel() -> None:
    assert read("$ uname -r\n4.4.0-19041-Microsoft\n")["platform.wsl"] == 1


def test_the_processor_and_the_system_by_a_command_s_answer() -> None:
    assert read("$ uname -m\naarch64\n$ ")["platform.architecture"] == "aarch64"
    assert read('NAME="Alpine Linux"\nID=alpine')["platform.libc"] == "musl"


def test_a_huge_log_is_read_at_both_ends_and_places_are_those_of_the_log() -> None:
    filler = "epoch done\n" * 250_000
    told = given.from_text(Text.of(f"Python 3.10.4\n{filler}Driver Version: 535.104.05\n"))
    assert told["python.version"] == Known("3.10.4", ("line 1",))
    assert told["driver.version"] == Known("535.104.05", ("line 250002",))


def test_a_traceback_that_another_breaks_off_has_no_error_of_its_own() -> None:
    head = "Traceback (most recent call last):\n"
    frame = '  File "a.py", line 1, in <module>\n    import tensorflow as tf\n'
    assert (
        read(f'{head}{frame}{head}  File "a.py", line 9, in train\n    fit()\nValueError: x\n').get(
            "tensorflow.import_outcome"
        )
        is None
    )
    assert read(f"{head}{frame}ImportError: x\n")["tensorflow.import_outcome"] == "exception"
