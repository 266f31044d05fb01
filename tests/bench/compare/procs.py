# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes: started, measured by what the kernel counts, and ended whatever happens."""
import ctypes
import os
import select
import signal
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36


class Failure(Exception):
    """Something could not be measured; the message says what to do."""


def adopt_orphans():
    """What our children leave behind becomes ours, so that end_all finds it."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _parents():
    """pid → parent, of all processes."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as f:
                    found[int(name)] = int(f.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):
                pass
    return found


def tree(*roots, without=()):
    """The pids of roots and all their descendants, but for the subtrees of `without`."""
    parents = _parents()
    found = {r for r in roots if r in parents} - set(without)
    grown = True
    while grown:
        new = {p for p, up in parents.items() if up in found} - found - set(without)
        found |= new
        grown = bool(new)
    return found


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except OSError:
        return "?"


def cpu_ns(pid):
    """Processor time used so far by all threads, those that ended too."""
    try:
        return time.clock_gettime_ns((~pid << 3) | 2)  # the clock of another process
    except OSError:
        return 0


def pss_kb(pid):
    """None where the kernel does not let us look."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def wakeups(pid):
    """How often its threads that live have gone to sleep and come back."""
    count = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status") as f:
                for line in f:
                    if line.startswith("voluntary_ctxt_switches:"):
                        count += int(line.split()[1])
    except OSError:
        pass
    return count


def loopback_bytes():
    """What crossed lo so far, with the headers of IP; each packet once."""
    with open("/proc/net/dev") as f:
        for line in f:
            if line.strip().startswith("lo:"):
                return int(line.split(":")[1].split()[0])
    return 0


class Process:
    """A program with its stdout as lines and its stderr in a file."""

    def __init__(self, argv, log_dir, env=None, stdin=False):
        self.argv = argv
        self.path = os.path.join(log_dir, f"{os.path.basename(argv[0])}.{time.monotonic_ns()}")
        full = dict(os.environ)
        for key, value in (env or {}).items():
            full.pop(key, None)
            if value is not None:
                full[key] = value
        with open(self.path, "wb") as err:
            self.popen = subprocess.Popen(
                argv, env=full, stdout=subprocess.PIPE, stderr=err, start_new_session=True,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL)
        self.pid = self.popen.pid
        self._rest = b""

    def stderr(self):
        with open(self.path, errors="replace") as f:
            return f.read()[-2000:]

    def fail(self, why):
        raise Failure(f"{self.argv[0]}: {why}\n{self.stderr()}")

    def line(self, timeout):
        """The next line of stdout."""
        end = time.monotonic() + timeout
        while b"\n" not in self._rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.popen.stdout], [], [], left)[0]:
                self.fail(f"said nothing for {timeout} s")
            got = os.read(self.popen.stdout.fileno(), 65536)
            if not got:
                self.fail(f"ended with status {self.popen.wait()}")
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace")

    def tell(self, text):
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()

    def stop(self, timeout=3):
        """Asks it and what it started to end, then makes them."""
        end_all(tree(self.pid), timeout)
        self.popen.stdout.close()
        if self.popen.stdin:
            self.popen.stdin.close()
        self.popen.wait()


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def _signal(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def end_all(pids, timeout=3):
    """SIGTERM, and SIGKILL for what lives on. Pids are ours: no other process can get them while we
    have not waited for them or for their parent."""
    pids = set(pids)
    _signal(pids, signal.SIGTERM)
    end = time.monotonic() + timeout
    while any(map(_alive, pids)) and time.monotonic() < end:
        time.sleep(0.01)
    _signal([p for p in pids if _alive(p)], signal.SIGKILL)


def end_everything():
    """All descendants; also those that others of ours left behind."""
    for _ in range(5):
        left = tree(os.getpid()) - {os.getpid()}
        left = {p for p in left if _alive(p)}
        if not left:
            break
        end_all(left, 2)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
