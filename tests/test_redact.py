"""No secret comes through, no identity where it must not, and versions stay what they are."""

from __future__ import annotations

import copy
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import envcheck
from envcheck.probes.tensorflow.environment import VARIABLES
from envcheck.redact import PLACEHOLDER, Book, Who, redact, variables, whose

from . import machines

# Put together at run time, so that no scanner takes the tests themselves for a leak.
KEY = "Zq3x8Lw0" * 6
HEX = "0f9e8d7c" * 5
SECRETS = {
    "github": "ghp_" + KEY[:36],
    "github fine-grained": "github_pat_" + KEY,
    "gitlab": "glpat-" + KEY[:20],
    "pypi": "pypi-Ag" + KEY,
    "npm": "npm_" + KEY[:36],
    "aws": "AKIA" + "ABCD2345EFGH6789",
    "google": "AIza" + KEY[:35],
    "google oauth": "ya29." + KEY,
    "slack": "xoxb-" + "123456789012-" + KEY[:24],
    "stripe": "sk_live_" + KEY[:24],
    "openai": "sk-" + KEY[:40],
    "hugging face": "hf_" + KEY[:34],
    "nvidia": "nvapi-" + KEY[:40],
    "docker": "dckr_pat_" + KEY[:27],
    "sendgrid": "SG." + KEY[:22] + "." + KEY[:43],
    "databricks": "dapi" + HEX[:32],
    "jwt": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + KEY[:43],
}
PRIVATE = (
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow" + KEY + "\n" + KEY + "\n-----END RSA " + "PRIVATE KEY-----"
)

PLACES = [
    "{}",
    "the line says {} and goes on",
    "TOKEN={}",
    "'{}'",
    '{{"x": "{}"}}',
    "https://host/simple?t={}",
    "https://user:{}@host/simple",
    "https://{}@github.com/a/b.git",
    "--token {}",
    "Authorization: Bearer {}",
    "/home/x/{}/y",
    "first\n{}\nlast",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_tokens_are_known_by_their_form(secret: str, place: str) -> None:
    text = place.format(secret)
    for who in (None, Who()):
        for hidden in (redact(text, who), json.dumps(redact({"a": [text], text: 1}, who))):
            assert secret not in hidden
            assert PLACEHOLDER.search(hidden)


PASSWORD = "hunter2-Xy"
NAMED = [
    f"PIP_PASSWORD={PASSWORD}",
    f"export HF_TOKEN='{PASSWORD}'",
    f'password: "{PASSWORD}"',
    f"aws_secret_access_key = {PASSWORD}",
    f"API_KEY_2={PASSWORD} next",
    f"WANDB_KEY={PASSWORD}",
    f'{{"client_secret": "{PASSWORD}"}}',
    f"twine upload --password {PASSWORD} dist/*",
    f"curl --api-key={PASSWORD}",
    f"index-url = https://alice:{PASSWORD}@mirror.example/simple",
    f"https://alice:{PASSWORD}/x@mirror.example/simple",
    f"https://alice:p@ss{PASSWORD}@mirror.example/simple",
    f"https%3A%2F%2Falice%3A{PASSWORD}%40mirror.example",
    f"redis://:{PASSWORD}@cache:6379/0",
    f"machine mirror.example login alice password {PASSWORD}",
    f"Cookie: session={PASSWORD}",
    f"https://x.blob/y?sv=1&sig={PASSWORD}&se=2",
    f"AccountKey={PASSWORD};EndpointSuffix=x",
    "Authorization: Basic YWxpY2U6aHVudGVyMg== " + PASSWORD.replace(PASSWORD, ""),
]


@pytest.mark.parametrize("text", NAMED)
def test_secrets_are_known_by_the_name_before_them(text: str) -> None:
    hidden = redact(text)
    assert PASSWORD not in hidden
    assert "YWxpY2U6" not in hidden
    assert PLACEHOLDER.search(hidden)


@pytest.mark.parametrize(
    "key", ["HF_TOKEN", "password", "apiKey", "client_secret", "AWS_SECRET_ACCESS_KEY", "KAGGLE_KEY"]
)
def test_secrets_are_known_by_their_key(key: str) -> None:
    assert redact({key: "anything at all"}) == {key: "<secret-1>"}
    assert redact({"environment": {key: PASSWORD}, "log": f"it was {PASSWORD}!"}) == {
        "environment": {key: "<secret-1>"},
        "log": "it was <secret-1>!",
    }


def test_a_private_key_goes_whole_also_when_cut_off() -> None:
    assert redact(f"a\n{PRIVATE}\nb") == "a\n<private-key-1>\nb"
    assert redact(PRIVATE[:60]) == "<private-key-1>"


# --- identity -----------------------------------------------------------------------------------

WHO = Who(
    "alice", "lab42.example.edu", "/home/alice", ("/home/alice/srv/thesis", "/data/secret-model", "/home")
)
WINDOWS = Who("Alice Smith", "LAB42", r"C:\Users\Alice Smith", (r"D:\thesis",))
UUID = "3f2a91b0-1c2d-4e5f-8a9b-0123456789ab"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("/home/alice", "~"),
        ("/home/alice/.keras/keras.json", "~/.keras/keras.json"),
        ("PATH=/usr/bin:/home/alice/bin:/home/alice", "PATH=/usr/bin:~/bin:~"),
        ("in /home/alice.", "in ~."),
        ("/home/alice-old/x", "/home/<user-2>/x"),
        ("/home/alice.old", "/home/<user-2>"),
        ("file:///home/alice/a.whl", "file:~/a.whl"),
        ("file%3A%2F%2F%2Fhome%2Falice%2Fa.whl", "file%3A%2F%2F~%2Fa.whl"),
        ("/home/alice/srv/thesis/.venv/bin/python", "<project-1>/.venv/bin/python"),
        ("/home/alice/srv/thesis2/x", "~/srv/thesis2/x"),
        ("/data/secret-model/train.py", "<project-1>/train.py"),
        ("/scratch/alice/x", "/scratch/<user-1>/x"),
        (
            "/home/bob/x and /home/bob/y and /home/carol",
            "/home/<user-2>/x and /home/<user-2>/y and /home/<user-3>",
        ),
        ("alice@lab42:~$ ls", "<user-1>@<host-1>:~$ ls"),
        ("ssh alice@lab42.example.edu", "ssh <email-1>"),
        ("lab42.example.edu is up", "<host-1> is up"),
        (
            "retrieving CUDA diagnostic information for host: lab42",
            "retrieving CUDA diagnostic information for host: <host-1>",
        ),
        ("Nov 21 02:14:03 lab42 kernel: NVRM: Xid", "Nov 21 02:14:03 <host-1> kernel: NVRM: Xid"),
        ("USER=alice", "USER=<user-1>"),
        ("write to a.b+c@example.org now", "write to <email-1> now"),
        (f"GPU-{UUID}", "GPU-<uuid-1>"),
        (f"MIG-GPU-{UUID}/1/0", "MIG-GPU-<uuid-1>/1/0"),
        ("link/ether 00:1a:2B:3c:4d:5e brd", "link/ether <mac-1> brd"),
        ("inet 10.3.5.147/24", "inet <ip-1>/24"),
        ("connect to 192.168.1.20 failed", "connect to <ip-1> failed"),
        ("http://172.16.0.9:8080/simple", "http://<ip-1>:8080/simple"),
        ("from 93.184.216.34 port 22", "from <ip-1> port 22"),
        ("inet6 fe80::21a:2bff:fe3c:4d5e scope", "inet6 <ip-1> scope"),
        ("2001:db8:85a3:0:0:8a2e:370:7334", "<ip-1>"),
        ("Serial Number : 1322621012345", "Serial Number : <serial-1>"),
        ("SSID: Alice's flat", "SSID: <ssid-1>"),
        (r"C:\Users\bob\AppData", r"C:\Users\<user-2>\AppData"),
        (r"C:\\Users\\Bob Jones\\AppData", r"C:\\Users\\<user-2>\\AppData"),
        ("/mnt/c/Users/bob/x", "/mnt/c/Users/<user-2>/x"),
        ("/Users/bob/x", "/Users/<user-2>/x"),
    ],
)
def test_identity(text: str, hidden: str) -> None:
    assert redact(text, Who(WHO.user, _short_host(text), WHO.home, WHO.projects)) == hidden


def _short_host(text: str) -> str:
    """Each text speaks of one form of the name, so that it is number 1."""
    return "lab42.example.edu" if "lab42.example.edu is" in text else "lab42"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (r"C:\Users\Alice Smith\.keras", r"~\.keras"),
        (r"c:\users\alice smith\.keras", r"~\.keras"),
        (r"C:\\Users\\Alice Smith\\.keras", r"~\\.keras"),
        ("C:/Users/Alice Smith/.keras", "~/.keras"),
        (r"D:\thesis\train.py", r"<project-1>\train.py"),
        (r"\\LAB42\share", r"\\<host-1>\share"),
    ],
)
def test_windows_paths(text: str, hidden: str) -> None:
    assert redact(text, WINDOWS) == hidden


UNTOUCHED = [
    "libcudnn.so.9.10.2.21",
    "nvidia-cudnn-cu12==9.10.2.21",
    "nvidia-curand-cu12       10.3.5.147",
    '"nvidia-curand-cu12": "10.3.5.147"',
    "nvidia_curand_cu12-10.3.5.147.dist-info",
    "libcublas.so.10.2.1.243",
    "cuDNN version 8.9.7.29",
    "9.10.2.21",
    "535.154.05-1ubuntu1",
    "127.0.0.1:8080",
    "0.0.0.0",
    "0000:01:00.0",
    "2026-11-21T10:00:00Z",
    "tensorflow::Status std::vector<int>",
    "http://proxy.example:3128/path",
    "ssh://git@github.com/a/b",
    "git@github.com:a/b.git",
    "tokenizers==0.15.2",
    "max_tokens=128",
    "PWD=/data",
    "token: null",
    "/usr/lib/python3/dist-packages",
    "malice and alicetown, chalice",
    "the lab42s and prelab42",
    "memcpy@@GLIBC_2.14",
    "0::/user.slice/user-1000.slice/user@1000.service",
    "/usr/src/home.c",
    "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    "Nov 21 02:14:03 kernel: NVRM",
    "task-specific sk-learn hf_hub",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_neither_secret_nor_identity_stays(text: str) -> None:
    assert redact(text, WHO) == text


@pytest.mark.parametrize(
    "text", ["/home/alice/x", "alice@lab42", f"GPU-{UUID}", "192.168.1.20", "a@example.org"]
)
def test_on_the_terminal_people_see_their_own_paths(text: str) -> None:
    assert redact(text) == text


def test_names_that_everyone_has_are_no_identity() -> None:
    who = Who("root", "localhost", "/root", ("/",))
    assert redact("/private/x root@localhost:~", who) == "/private/x root@localhost:~"
    assert redact("/root/.keras", who) == "~/.keras"
    assert redact({"user": "root", "node": "ubuntu"}, who) == {"user": "root", "node": "ubuntu"}


def test_a_project_above_the_home_is_none() -> None:
    assert (
        redact("/home/alice/x /home/y", Who("alice", None, "/home/alice", ("/home", "/")))
        == "~/x /home/<user-2>"
    )


def test_known_fields() -> None:
    value = {
        "user": "alice",
        "node": "lab42",
        "system": "Linux",
        "distributions": [{"user": True}],
        "gpus": [{"serial": "13A"}],
    }
    assert redact(value, WHO) == {
        "user": "<user-1>",
        "node": "<host-2>",
        "system": "Linux",
        "distributions": [{"user": True}],
        "gpus": [{"serial": "<serial-1>"}],
    }


def test_addresses_that_are_a_whole_value() -> None:
    value = {"ip": "10.0.0.5", "peer": ["93.184.216.34"], "nvidia-curand-cu12": "10.3.5.147"}
    hidden = {"ip": "<ip-1>", "peer": ["<ip-2>"], "nvidia-curand-cu12": "10.3.5.147"}
    assert redact(value, WHO) == hidden


def test_a_secret_is_hidden_also_where_it_stands_alone() -> None:
    for who in (None, WHO):
        assert redact({"TOKEN": PASSWORD, "z": [PASSWORD]}, who) == {
            "TOKEN": "<secret-1>",
            "z": ["<secret-1>"],
        }


def test_the_beginning_of_a_uuid_gets_the_placeholder_of_the_whole() -> None:
    value = {"CUDA_VISIBLE_DEVICES": "GPU-3f2a,GPU-9999", "z": [f"GPU-{UUID}"]}
    assert redact(value, WHO) == {"CUDA_VISIBLE_DEVICES": "GPU-<uuid-1>,GPU-<uuid-2>", "z": ["GPU-<uuid-1>"]}


def test_the_same_secret_has_the_same_number_in_the_sorted_order_of_keys() -> None:
    value = {"b": ["/home/zoe/1", "/home/bob"], "a": "/home/carl", "/home/bob/k": 0}
    hidden = {"b": ["/home/<user-4>/1", "/home/<user-2>"], "a": "/home/<user-3>", "/home/<user-2>/k": 0}
    assert redact(value, WHO) == hidden
    assert redact(dict(reversed(value.items())), WHO) == hidden
    assert list(redact(value, WHO)) == ["b", "a", "/home/<user-2>/k"]


def test_paths_in_keys_and_values_stay_the_same_path() -> None:
    """Or a redacted snapshot would not replay."""
    snapshot = {
        "read": {"/home/alice/srv/thesis/.venv/pyvenv.cfg": "home = /usr/bin"},
        "identity": {"": {"home": "/home/alice", "cwd": "/home/alice/srv/thesis", "user": "alice"}},
        "target": {"python": "/home/alice/srv/thesis/.venv/bin/python"},
    }
    assert redact(snapshot, WHO) == {
        "read": {"<project-1>/.venv/pyvenv.cfg": "home = /usr/bin"},
        "identity": {"": {"home": "~", "cwd": "<project-1>", "user": "<user-1>"}},
        "target": {"python": "<project-1>/.venv/bin/python"},
    }


def test_no_key_is_lost() -> None:
    assert list(redact({"~/x": 1, "/home/alice/x": 2, "y": 3}, WHO).values()) == [1, 2, 3]


def test_programs_are_left_readable() -> None:
    elf = "\x7fELF\x02\x01\x01 /home/alice/lib PASSWORD=x 00:1a:2b:3c:4d:5e"
    assert redact({"read-binary": {"/lib/x.so": elf}}, WHO)["read-binary"]["/lib/x.so"] == elf


def test_whose() -> None:
    identity = {
        "user": "alice",
        "node": "lab42",
        "home": "/home/alice",
        "cwd": "/home/alice/w",
        "system": "Linux",
    }
    assert whose(identity, ["/data"]) == Who("alice", "lab42", "/home/alice", ("/home/alice/w", "/data"))
    assert whose({"user": None, "cwd": None}) == Who()


# --- properties ---------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *SECRETS.values(),
        *NAMED,
        *UNTOUCHED,
        "/home/alice",
        "/home/alice/srv/thesis",
        "/home/bob",
        "C:\\Users\\Bob Jones\\x",
        "alice@lab42",
        "a@example.org",
        "lab42.example.edu",
        f"GPU-{UUID}",
        "GPU-3f2a",
        "192.168.1.20",
        "fe80::1",
        "00:1a:2b:3c:4d:5e",
        "PASSWORD=",
        "https://",
        "@",
        ":",
        "/",
        " ",
        "\n",
        '"',
        "<user-1>",
        "Serial: ",
    ]
)
TEXTS = st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=6).map("".join))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from(["user", "node", "serial", "TOKEN", "x"]), TEXTS), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


@given(VALUES, st.sampled_from([None, Who(), WHO, WINDOWS]))
def test_redacting_twice_changes_nothing(value: Any, who: Who | None) -> None:
    before = copy.deepcopy(value)
    once = redact(value, who)
    assert value == before
    assert redact(once, who) == once


@given(st.sampled_from(sorted(SECRETS.values())), VALUES, TEXTS, TEXTS)
def test_a_planted_secret_never_comes_through(secret: str, value: Any, before: str, after: str) -> None:
    planted = {"a": value, "b": {before + " " + secret + " " + after: [f"{before}\n{secret}\n{after}"]}}
    assert secret not in json.dumps(redact(planted), ensure_ascii=False)


@given(VALUES)
def test_home_and_user_never_come_through_in_paths(value: Any) -> None:
    planted = {"a": value, "b": ["/home/alice/x", "x /scratch/alice y", "alice@lab42"]}
    hidden = json.dumps(redact(planted, WHO)["b"])
    assert "alice" not in hidden
    assert "lab42" not in hidden


# --- no false alarms ------------------------------------------------------------------------------

GOLDEN = Path(__file__).parent / "hidden_in_machines.txt"
STAYS = [
    "v2.20.0-rc0-4-g72fbba3d20f",
    "tensorflow/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0",
    "_ZN10tensorflow8OpKernel11TraceStringERKNS_15OpKernelContextEb",
    "tensorflow::Status std::vector<int>::push_back",
    "cudnn 9.10.2.21, cublas 12.9.1.4, nvidia-nccl-cu12 2.27.3",
    "2026-11-21T10:00:00Z 0000:01:00.0 pciBusID: 0000:65:00.0",
    "CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
    "successful NUMA node read from SysFS had negative value (-1), but there must be at least one NUMA node",
    "PCI\\\\VEN_10DE&DEV_2786&SUBSYS_88861043&REV_A1\\\\4&1E7C8A26&0&0008",
    "HKLM\\SOFTWARE\\NVIDIA Corporation\\GPU Computing Toolkit",
    "ERROR\\nTraceback (most recent call last)",
    "tokenizer.pad_token_id, max_new_tokens=20, num_tokens: 128",
    "-rw-r--r-- 1 root root 4096 Jan  1 10:00 libcuda.so.1",
    "uid=0(root) gid=0(root)",
    'ID=debian\nVERSION_ID="12"\nHOME_URL="https://www.debian.org/"\nNAME=x\nPRETTY_NAME=y\n',
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "docker run -u 1000:1000 --gpus all tensorflow/tensorflow:2.20.0-gpu",
    "pip install --user tensorflow -i https://pypi.tuna.tsinghua.edu.cn/simple",
    "memcpy@@GLIBC_2.14 actions/checkout@v4",
    "口令: null",
]


@pytest.mark.parametrize("text", STAYS)
def test_what_logs_and_files_are_full_of_stays(text: str) -> None:
    assert redact(text, WHO) == text
    assert redact({"x": [text]}, Who()) == {"x": [text]}


def test_only_what_should_be_is_hidden_in_recorded_machines() -> None:
    """``make update`` writes the list anew; each line is the kind and the text that was hidden."""
    met = Book()
    for name in machines.names():
        recorded = machines.machine(name)
        identity = recorded["answers"].get("identity", {}).get("", {})
        redact(recorded, whose(identity if "unknown" not in identity else {}), met)
    hidden = "".join(f"{kind} {secret}\n" for kind, secret in sorted(met.given))
    if os.environ.get("ENVCHECK_UPDATE"):
        GOLDEN.write_text(hidden, "utf-8")
    assert hidden == GOLDEN.read_text("utf-8")


# --- environment variables ------------------------------------------------------------------------


def test_variables_are_shown_by_allow_list() -> None:
    value = {"env": {"CUDA_HOME": "/opt/cuda", "COMPANY_PLAN": "merge with them", "PATH": "/usr/bin"}}
    hidden = {"env": {"CUDA_HOME": "/opt/cuda", "COMPANY_PLAN": "<variable-1>", "PATH": "/usr/bin"}}
    assert redact(value, WHO) == hidden
    assert redact(value) == value


def test_variables_in_the_output_of_env() -> None:
    text = "$ env\nPATH=/usr/bin\nCOMPANY_PLAN=merge with them\nCUDA_HOME=/opt/cuda\nTF_XLA_FLAGS=--x\nend"
    assert redact(text, WHO) == text.replace("merge with them", "<variable-1>")
    assert redact("environ({'COMPANY_PLAN': 'merge', 'LANG': 'C'})", WHO) == (
        "environ({'COMPANY_PLAN': '<variable-1>', 'LANG': 'C'})"
    )


def test_every_variable_that_is_asked_for_is_on_the_list() -> None:
    """Or a redacted recording would not replay."""
    asked = {
        name for machine in machines.names() for name in machines.machine(machine)["answers"].get("env", {})
    }
    assert {name for name in {*asked, *VARIABLES} if not variables.is_shown(name)} == set()
    for path in (Path(envcheck.__file__).parent).rglob("*.py"):
        for name in re.findall(r"host\.env\(\"(\w+)\"\)", path.read_text("utf-8")):
            assert variables.is_shown(name), (path, name)


def test_names_that_a_text_gives_away_are_hidden_elsewhere_in_it() -> None:
    text = 'File "/data/x/plan9/train.py", line 3\nbob@gpu07:~$ ls /srv/plan9 /scratch/bob/x /data/x/plan9/y'
    assert redact(text, Who()) == (
        'File "<project-1>/train.py", line 3\n'
        "<user-1>@<host-1>:~$ ls /srv/plan9 /scratch/<user-1>/x <project-1>/y"
    )


def test_the_line_after_a_secret_stays() -> None:
    token = SECRETS["hugging face"]
    for text in (
        f"KEY = '{token}'\nprint(1)\n",
        f"x {token}\nTraceback (most recent)",
        f"{token}\n2026-11-21 x",
    ):
        assert redact(text) == text.replace(token, "<token-1>")
