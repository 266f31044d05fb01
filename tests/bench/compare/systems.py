# SPDX-License-Identifier: GPL-2.0-or-later
"""What is compared. Each system shows the same application on a screen of 1280×720, configured as
somebody would who knows it, and says what to install where something of it is missing."""
import os
import shutil
import socket
import tempfile

from procs import Failure, Process

WIDTH, HEIGHT, FPS = 1280, 720, 60
X_ENV = {"WAYLAND_DISPLAY": None, "XAUTHORITY": None, "XDG_SESSION_TYPE": "x11"}


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Place:
    """Where the programs are and where a run may write."""

    def __init__(self, bin_dir, tmp):
        self.bin_dir, self.tmp = bin_dir, tmp

    def program(self, name):
        return os.path.join(self.bin_dir, name)

    def start(self, argv, **kwargs):
        return Process(argv, self.tmp, **kwargs)

    def screen(self, program="Xvfb", more=()):
        """An X server on a display that it finds free itself. Its process and its name."""
        argv = [program, "-displayfd", "1", "-nolisten", "tcp", "-noreset"]
        if program == "Xvfb":
            argv += ["-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
        server = self.start(argv + list(more))
        return server, ":" + server.line(15)

    def app(self, scene, display, log):
        return self.start([self.program("gs-compare-app"), "--scene", scene, "--log", log],
                          env={**X_ENV, "DISPLAY": display})


class System:
    """A run of one system with one scene."""
    name = what = ""
    packages = {}  # program → Debian package
    # Other qualities, for the rate at an SSIM that another system has.
    qualities = ()

    def __init__(self, place, scene, options):
        self.place, self.scene, self.options = place, scene, options
        self.log = os.path.join(place.tmp, "log")
        self.input_display = None  # None: the viewer's
        self.processes = []

    @classmethod
    def missing(cls):
        return sorted({p for program, p in cls.packages.items() if not shutil.which(program)})

    def keep(self, process):
        self.processes.append(process)
        return process

    def start_server(self):
        """Server and application. The pids whose trees are the server."""
        raise NotImplementedError

    def start_viewer(self, display):
        raise NotImplementedError

    def stop(self):
        for process in reversed(self.processes):
            process.stop()
        self.processes = []


class Bare(System):
    name = "bare"
    what = "the application alone on the screen that is looked at: what the others are above"
    packages = {"Xvfb": "xvfb"}

    def start_server(self):
        return []

    def start_viewer(self, display):
        return self.keep(self.place.app(self.scene, display, self.log))


class Gpushare(System):
    name = "gpushare"
    what = "gpushare-host run, the application as a Wayland client; gpushare-client's window"
    packages = {"Xvfb": "xvfb"}
    wayland = ["--wayland"]

    def start_server(self):
        host = self.keep(self.place.start(
            [self.place.program("gpushare-host"), "run", "--listen", "127.0.0.1",
             "--advertise", "127.0.0.1", "--port", "0", "--size", f"{WIDTH}x{HEIGHT}",
             "--fps", str(FPS), *self.options.get("gpushare", []), "--",
             self.place.program("gs-compare-app"), "--scene", self.scene, "--log", self.log,
             *self.wayland], env={"GPUSHARE_LOG": "warn"}))
        said = host.line(20)
        if not said.startswith("connect: "):
            host.fail(f"said {said!r}")
        self.url = said[len("connect: "):]
        return [host.pid]

    def start_viewer(self, display):
        return self.keep(self.place.start(
            [self.place.program("gpushare-client"), self.url],
            env={**X_ENV, "DISPLAY": display, "SDL_VIDEODRIVER": "x11", "GPUSHARE_LOG": "warn"}))


class GpushareX11(Gpushare):
    name = "gpushare-x11"
    what = "the same, the application as an X11 client of Xwayland (which counts as server)"
    packages = {"Xvfb": "xvfb", "Xwayland": "xwayland"}
    wayland = []


class TigerVnc(System):
    name = "tigervnc"
    what = "Xvnc, xtigervncviewer; defaults but for: no password, no resizing, 60 updates a second"
    packages = {"Xvfb": "xvfb", "Xvnc": "tigervnc-standalone-server",
                "xtigervncviewer": "tigervnc-viewer"}
    qualities = ({"jpeg": 6}, {"jpeg": 4})  # by itself it takes 8 here

    def start_server(self):
        self.port = free_port(socket.SOCK_STREAM)
        server, display = self.place.screen("Xvnc", [
            "-geometry", f"{WIDTH}x{HEIGHT}", "-depth", "24", "-rfbport", str(self.port),
            "-interface", "127.0.0.1", "-SecurityTypes", "None", "-FrameRate", str(FPS),
            "-AcceptSetDesktopSize=0"])
        self.keep(server)
        self.keep(self.place.app(self.scene, display, self.log))
        return [server.pid]

    def start_viewer(self, display):
        jpeg = self.options.get("jpeg")
        quality = ["-AutoSelect=0", "-PreferredEncoding=Tight", f"-QualityLevel={jpeg}"]
        # In a window it would leave a border free, which its screen does not have.
        return self.keep(self.place.start(
            ["xtigervncviewer", "-display", display, "-SecurityTypes", "None", "-RemoteResize=0",
             "-FullScreen", "-MenuKey=", *(quality if jpeg is not None else []),
             f"127.0.0.1::{self.port}"],
            env={**X_ENV, "DISPLAY": display, "HOME": self.place.tmp}))


class GStreamer(System):
    name = "gstreamer"
    what = ("ximagesrc ! x264enc ! RTP over UDP ! avdec_h264 ! ximagesink; it forwards no input: "
            "clicks go to the application's own X server, so the way there is not in its times")
    packages = {"Xvfb": "xvfb", "gst-launch-1.0": "gstreamer1.0-tools"}
    elements = {"ximagesrc": "gstreamer1.0-plugins-good", "x264enc": "gstreamer1.0-plugins-ugly",
                "rtph264pay": "gstreamer1.0-plugins-good", "avdec_h264": "gstreamer1.0-libav",
                "videoconvert": "gstreamer1.0-plugins-base", "ximagesink": "gstreamer1.0-x"}
    qualities = ({"quantizer": 19}, {"quantizer": 27})
    quantizer = 23  # a constant rate factor, x264's default

    @classmethod
    def missing(cls):
        packages = set(super().missing())
        if "gstreamer1.0-tools" not in packages:
            packages |= {package for element, package in cls.elements.items()
                         if os.system(f"gst-inspect-1.0 --exists {element} >/dev/null 2>&1")}
        return sorted(packages)

    def start_server(self):
        screen, self.input_display = self.place.screen()
        self.keep(screen)
        self.keep(self.place.app(self.scene, self.input_display, self.log))
        self.port = free_port(socket.SOCK_DGRAM)
        quantizer = self.options.get("quantizer", self.quantizer)
        sender = self.keep(self.place.start(
            ["gst-launch-1.0", "-q"] +
            (f"ximagesrc display-name={self.input_display} use-damage=false show-pointer=false ! "
             f"video/x-raw,framerate={FPS}/1 ! videoconvert n-threads=2 ! "
             "video/x-raw,format=I420,colorimetry=bt709 ! "
             f"x264enc tune=zerolatency speed-preset=ultrafast pass=qual quantizer={quantizer} "
             f"vbv-buf-capacity=0 key-int-max={FPS} threads=2 ! "
             "rtph264pay aggregate-mode=zero-latency config-interval=-1 mtu=1400 ! "
             f"udpsink host=127.0.0.1 port={self.port} sync=false async=false").split(),
            env={**X_ENV, "DISPLAY": self.input_display}))
        return [screen.pid, sender.pid]

    def start_viewer(self, display):
        return self.keep(self.place.start(
            ["gst-launch-1.0", "-q"] +
            (f"udpsrc port={self.port} buffer-size=4000000 "
             "caps=application/x-rtp,media=video,clock-rate=90000,encoding-name=H264 ! "
             "rtph264depay ! avdec_h264 max-threads=2 thread-type=slice ! "
             "videoconvert n-threads=2 ! "
             "ximagesink sync=false").split(), env={**X_ENV, "DISPLAY": display}))


ALL = {s.name: s for s in (Bare, Gpushare, GpushareX11, TigerVnc, GStreamer)}


def make_place(bin_dir):
    for program in ("gs-compare-app", "gs-compare-probe", "gpushare-host", "gpushare-client"):
        if not os.access(os.path.join(bin_dir, program), os.X_OK):
            raise Failure(f"{os.path.join(bin_dir, program)} is missing: build the release preset "
                          "(scripts/deps; cmake --preset release; cmake --build --preset release) "
                          "or name another folder with --bin")
    return Place(bin_dir, tempfile.mkdtemp(prefix="gs-compare-"))
