# Tries each way out of a sandbox once. argv[1]: what the test has set up, as JSON. Prints a line of JSON for each way: its
# name, and "open" or how it failed. Outside of a sandbox every one of them is open: the test looks.
import ctypes, json, mmap, os, platform, socket, struct, sys, tempfile

here = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
X64 = platform.machine() == "x86_64"
WORD = "mayfly-way-out"


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def expect(found):
    if not found:
        raise LookupError("nothing there")


def tcp(family, host):
    with socket.socket(family) as s:
        s.settimeout(10)
        s.connect((host, here["tcp"]))
        expect(s.recv(100) == WORD.encode())


def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.connect(("127.0.0.1", here["udp"]))
        s.send(b"?")
        expect(s.recv(100) == WORD.encode())


def unix(path, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as s:
        s.settimeout(10)
        s.connect(path)
        expect(s.recv(100) == WORD.encode())


def pair(kind):
    # A pair of datagram sockets can be connected anew.
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    with one, other:
        address = struct.pack("H", socket.AF_UNIX) + here["datagrams"].encode() + b"\0"
        call(libc.connect(one.fileno(), address, len(address)))
        one.send(b"?")


def family(number, kind, protocol=0):
    socket.socket(number, kind, protocol).close()


def foreign(fd):
    expect(os.path.exists(f"/proc/self/fd/{fd}"))
    os.fstat(fd)


def key():
    # request_key(2): of the account's own keyring.
    number = 249 if X64 else 218
    call(libc.syscall(number, b"user", b"mayfly-way-out", None, 0))


def add_key():
    number = 248 if X64 else 217
    call(libc.syscall(number, b"user", b"mayfly-way-out-2", b"x", 1, ctypes.c_int(-2)))


def ring():
    call(libc.syscall(425, 1, ctypes.create_string_buffer(120)))


def shared_memory():
    call(libc.shmget(here["shm"], 0, 0))


def seen(pid):
    os.kill(pid, 0)


def environment(pid):
    with open(f"/proc/{pid}/environ", "rb") as f:
        expect(f.read())


def group():
    # 0 is no signal: it is only asked whether one could be sent to whoever is in the group.
    os.killpg(os.getpgid(0), 0) if os.getpgid(0) != 0 else os.kill(0, 0)
    expect(os.getpgid(0) != os.getpid() and os.getsid(0) != os.getpid())


def namespaces(flag):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if libc.unshare(flag) == 0 else ctypes.get_errno() or 1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise OSError(code, os.strerror(code))


def mount():
    folder = tempfile.mkdtemp()
    try:
        call(libc.mount(b"none", folder.encode(), b"tmpfs", 0, None))
        libc.umount(folder.encode())
    finally:
        os.rmdir(folder)


def device():
    path = os.path.join(tempfile.gettempdir(), f"mayfly-device-{os.getpid()}")
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 7))
    os.unlink(path)


def listed_devices():
    expect(set(os.listdir("/dev")) - set("console core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero".split()))


def reads(path):
    with open(path) as f:
        expect(WORD in f.read())


def moves(path):
    os.rename(path, path + ".away")
    os.rename(path + ".away", path)


def writes(path):
    with open(path, "r+") as f:
        text = f.read()
        f.seek(0)
        f.write(text)


def uncovers(path):
    libc.umount2(path.encode(), 2)
    reads(path)


def variable(name):
    expect(os.environ.get(name))


def program32():
    # int 0x80 with getpid's number there, 20.
    code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    pid = os.fork()
    if pid == 0:
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        os._exit(0 if ctypes.CFUNCTYPE(ctypes.c_int)(address)() == os.getpid() else 1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    expect(code == 0)


def shares_shm():
    reads(here["devshm"])


ways = {
    "TCP over IPv4": lambda: tcp(socket.AF_INET, "127.0.0.1"),
    "TCP over IPv6": lambda: tcp(socket.AF_INET6, "::1"),
    "UDP": udp,
    "a Unix socket": lambda: unix(here["unix"]),
    "an abstract Unix socket": lambda: unix("\0" + here["abstract"]),
    "a pair of datagram sockets": lambda: pair(socket.SOCK_DGRAM),
    "a pair of raw Unix sockets": lambda: pair(socket.SOCK_RAW),
    "a socket of the kernel's events": lambda: family(16, socket.SOCK_RAW, 15),
    "a raw socket": lambda: family(socket.AF_INET, socket.SOCK_RAW, 1),
    "a packet socket": lambda: family(17, socket.SOCK_RAW),
    "an inherited file": lambda: foreign(here["fd"]),
    "a key that the kernel keeps": key,
    "a new key": add_key,
    "a ring": ring,
    "shared memory": shared_memory,
    "a file in /dev/shm": shares_shm,
    "a process outside": lambda: seen(here["pid"]) or environment(here["pid"]),
    "the group of processes": group,
    "a user namespace": lambda: namespaces(0x10000000),
    "a mount namespace": lambda: namespaces(0x00020000),
    "a network namespace": lambda: namespaces(0x40000000),
    "a mount": mount,
    "a device": device,
    "devices": listed_devices,
    "a login's file": lambda: reads(here["secret"]),
    "a login's file by the root of a process": lambda: reads("/proc/self/root" + here["secret"]),
    "a login's file uncovered": lambda: uncovers(here["secret"]),
    "a login's folder moved away": lambda: moves(os.path.dirname(here["secret"])),
    "what nobody could read": lambda: (os.chmod(here["shut"], 0o600), reads(here["shut"])),
    "a key that a login names": lambda: reads(here["key"]),
    "a login of mayfly's": lambda: reads(here["login"]),
    "a login in the environment": lambda: variable("SHOP_TOKEN"),
    "a proxy": lambda: variable("HTTPS_PROXY"),
    "the kernel's settings": lambda: writes("/proc/sys/kernel/core_pattern"),
    **({"system calls of i386": program32} if X64 else {}),
}
for name, way in ways.items():
    try:
        way()
        found = "open"
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    print(json.dumps([name, found]), flush=True)
