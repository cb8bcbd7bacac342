"""docs/ci/prolog.sh under a real Slurm: one node, started for these tests in a folder of its own.

Slurm's own programs are taken (Debian, Ubuntu: slurmctld, slurmd, munge, slurm-client), and root starts them.
The "GPU" is /dev/null: whether a real one works is not what these tests ask. Nothing is written elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from .machines import machine

ROOT = Path(__file__).parent.parent
PROLOG = ROOT / "docs" / "ci" / "prolog.sh"
#: Where envcheck stands in the example, and where its reports go.
PLACES = ("/opt/tensorflow/bin/envcheck", "/var/log/")
READY, BROKEN = "linux-rtx4090-ready", "linux-rtx4090-driver-library-mismatch"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel")
#: Seconds that the daemons live at most, whatever becomes of the tests, and that anything is waited for.
LONGEST, PATIENCE = 300, 30

pytestmark = pytest.mark.slurm

CONFIG = """\
ClusterName=envcheck
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
Prolog={folder}/prolog.sh
GresTypes=gpu
NodeName=node NodeAddr=127.0.0.1 NodeHostname={host} CPUs=1 Gres=gpu:1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
"""


def path() -> str:
    """Debian keeps daemons where a user's PATH does not look."""
    return os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def missing() -> str | None:
    """Why Slurm cannot be started here; None: it can."""
    absent = [name for name in PROGRAMS if not shutil.which(name, path=path())]
    if absent:
        return (
            f"Slurm is not installed here ({', '.join(absent)}); Debian: slurmctld slurmd munge slurm-client"
        )
    return None if os.geteuid() == 0 else "only root can start Slurm's daemons"


class Cluster:
    """A controller, a node and munge, with the example as their Prolog."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemons: list[subprocess.Popen[bytes]] = []
        self.env = {**os.environ, "PATH": path(), "SLURM_CONF": str(folder / "slurm.conf")}
        for name in ("munge", "state", "spool", "log", "jobs"):
            (folder / name).mkdir(mode=0o755)
        (folder / "munge" / "key").write_bytes(os.urandom(128))
        (folder / "munge" / "key").chmod(0o600)
        host = socket.gethostname().partition(".")[0]
        (folder / "slurm.conf").write_text(
            CONFIG.format(host=host, ports=free_ports(2), folder=folder), "utf-8"
        )
        (folder / "gres.conf").write_text("NodeName=node Name=gpu File=/dev/null\n", "utf-8")
        (folder / "cgroup.conf").write_text("", "utf-8")
        self._write("prolog.sh", self._prolog())

    def _prolog(self) -> str:
        text = PROLOG.read_text("utf-8")
        for place, here in zip(PLACES, (f"{self.folder}/envcheck", f"{self.folder}/log/")):
            assert place in text
            text = text.replace(place, here)
        return text

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")
        (self.folder / name).chmod(0o755)

    def start(self) -> None:
        munge = self.folder / "munge"
        self._daemon(
            "munged", "--foreground", "--force", f"--key-file={munge}/key", f"--socket={munge}/socket",
            f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed",
        )  # fmt: skip
        self._until(lambda: (munge / "socket").exists(), "munged made no socket")
        self._daemon("slurmctld", "-D", "-c")
        self._daemon("slurmd", "-D", "-N", "node")
        self._until(lambda: self.node() == "idle", "the node did not come up")

    def _daemon(self, *command: str) -> None:
        """In a session of its own, and under ``timeout``: it ends even where these tests are killed."""
        whole = ["timeout", "--kill-after=5", str(LONGEST), *command]
        with (self.folder / f"{command[0]}.out").open("wb") as out:
            daemon = subprocess.Popen(
                whole, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.daemons.append(daemon)

    def stop(self) -> None:
        for daemon in reversed(self.daemons):
            signalled(daemon, signal.SIGTERM)
        until = time.monotonic() + 5
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            signalled(daemon, signal.SIGKILL)
            daemon.wait()
        for left in self.processes():
            left.kill()
        psutil.wait_procs(self.processes(), timeout=5)

    def processes(self) -> list[psutil.Process]:
        """All that still runs with this cluster's configuration: daemons, their helpers, jobs."""
        return [one for one in psutil.process_iter() if is_of(one, str(self.folder / "slurm.conf"))]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder / "jobs", env=self.env, capture_output=True, text=True,
            timeout=2 * PATIENCE, check=False,
        )  # fmt: skip

    def asked(self, *command: str) -> str:
        return self.run(*command).stdout.strip()

    def node(self) -> str:
        return self.asked("sinfo", "-h", "-N", "-o", "%T").rstrip("*")

    def envcheck_says(self, name: str | None) -> None:
        """Let envcheck examine the recorded machine ``name``; None: there is no envcheck."""
        (self.folder / "envcheck").unlink(missing_ok=True)
        if name is not None:
            recorded = self.folder / f"{name}.json"
            recorded.write_text(json.dumps(machine(name)), "utf-8")
            command = f'"{sys.executable}" -m envcheck --from "{recorded}" "$@"'
            self._write("envcheck", f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec {command}\n')

    def submit(self, *options: str) -> tuple[str, Path]:
        """A batch job that leaves a file: its number, and the file."""
        ran = self.folder / "jobs" / f"ran-{time.monotonic_ns()}"
        done = self.run("sbatch", "--parsable", *options, "--wrap", f"touch {ran}")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), ran

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        self._until(condition, what)

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > until:
                pytest.fail(f"{what}\n{self.told()}")
            time.sleep(0.1)

    def told(self) -> str:
        logs = [*self.folder.glob("*.log"), *self.folder.glob("*.out")]
        return "\n".join(f"--- {log.name}\n{log.read_text('utf-8', 'replace')[-3000:]}" for log in logs)

    def log(self) -> str:
        return (self.folder / "slurmd.log").read_text("utf-8", "replace")


def is_of(process: psutil.Process, config: str) -> bool:
    try:
        return process.environ().get("SLURM_CONF") == config
    except (psutil.Error, OSError):
        return False


def signalled(daemon: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(daemon.pid, number)
    except ProcessLookupError:
        pass


def free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def started() -> Iterator[Cluster]:
    why_not = missing()
    if why_not:
        pytest.skip(why_not)
    with tempfile.TemporaryDirectory(prefix="envcheck-slurm-") as folder:  # short: sockets have short names
        cluster = Cluster(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
        assert cluster.processes() == []


@pytest.fixture
def cluster(started: Cluster) -> Iterator[Cluster]:
    """The cluster with an empty queue and a node that takes jobs."""
    yield started
    started.run("scancel", "--user=root")
    started.run("scontrol", "update", "nodename=node", "state=resume")
    started.wait_for(lambda: started.node() == "idle" and not started.asked("squeue", "-h"), "it is not idle")


def test_on_a_node_whose_gpu_works_the_job_runs(cluster: Cluster) -> None:
    cluster.envcheck_says(READY)
    number, ran = cluster.submit("--gres=gpu:1")
    cluster.wait_for(ran.exists, "the job did not run")
    report = json.loads((cluster.folder / "log" / f"envcheck-{number}.json").read_text("utf-8"))
    assert report["verdict"] == "ready"
    assert cluster.run("srun", "--gres=gpu:1", "echo", "here").stdout == "here\n"


def test_a_node_whose_gpu_does_not_work_is_drained_and_the_job_held(cluster: Cluster) -> None:
    cluster.envcheck_says(BROKEN)
    number, ran = cluster.submit("--gres=gpu:1")
    cluster.wait_for(lambda: cluster.node() == "drained", "the node was not drained")
    assert cluster.asked("sinfo", "-h", "-N", "-o", "%E") == "Prolog error"
    cluster.wait_for(lambda: "held" in cluster.asked("squeue", "-h", "-o", "%r"), "the job is not held")
    assert cluster.asked("squeue", "-h", "-o", "%i %T") == f"{number} PENDING"
    assert not ran.exists()
    report = json.loads((cluster.folder / "log" / f"envcheck-{number}.json").read_text("utf-8"))
    assert report["findings"][0]["cause"] == "driver-library-mismatch"
    assert "driver-library-mismatch" in cluster.log(), "slurmd's log does not say why"


def test_srun_ends_on_a_node_whose_gpu_does_not_work(cluster: Cluster) -> None:
    cluster.envcheck_says(BROKEN)
    done = cluster.run("srun", "--gres=gpu:1", "echo", "here")
    assert done.returncode != 0 and done.stdout == "" and "prolog" in done.stderr.lower()
    cluster.wait_for(lambda: cluster.node() == "drained", "the node was not drained")


def test_a_job_without_a_gpu_and_one_without_envcheck_run(cluster: Cluster) -> None:
    cluster.envcheck_says(BROKEN)
    _, ran = cluster.submit()
    cluster.wait_for(ran.exists, "the job that wants no GPU did not run")
    cluster.envcheck_says(None)
    _, ran = cluster.submit("--gres=gpu:1")
    cluster.wait_for(ran.exists, "the job did not run where envcheck is not there")
    assert cluster.node() in ("idle", "mixed", "allocated", "completing")
