# What lies outside of a sandbox, for ways-out.py: argv[1] is a folder of the test's. Prints what is where as JSON, and ends
# when standard input does.
import ctypes, json, os, platform, socket, sys, threading

folder = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
WORD = b"mayfly-way-out"


def serve(listening):
    while True:
        connection, _ = listening.accept()
        connection.sendall(WORD)
        connection.close()


def answer(bound):
    while True:
        _, sender = bound.recvfrom(100)
        bound.sendto(WORD, sender)


def start(target, argument):
    threading.Thread(target=target, args=(argument,), daemon=True).start()


def listen(family, address):
    s = socket.socket(family)
    s.bind(address)
    s.listen()
    start(serve, s)
    return s


while True:
    # The same port of both, which nobody else has.
    four = socket.socket(socket.AF_INET)
    four.bind(("127.0.0.1", 0))
    six = socket.socket(socket.AF_INET6)
    try:
        six.bind(("::1", four.getsockname()[1]))
        break
    except OSError:
        four.close()
        six.close()
for s in (four, six):
    s.listen()
    start(serve, s)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
start(answer, udp)
unix, datagrams = os.path.join(folder, "unix"), os.path.join(folder, "datagrams")
abstract = f"mayfly-way-out-{os.getpid()}"
listen(socket.AF_UNIX, unix)
listen(socket.AF_UNIX, "\0" + abstract)
bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
bound.bind(datagrams)
devshm = f"/dev/shm/mayfly-way-out-{os.getpid()}"
with open(devshm, "wb") as f:
    f.write(WORD)
shm = os.getpid()
segment = libc.shmget(shm, 4096, 0o1600)
# add_key(2): to the account's keyring (-4).
libc.syscall(248 if platform.machine() == "x86_64" else 217, b"user", b"mayfly-way-out", b"x", 1, ctypes.c_int(-4))
found = {"tcp": four.getsockname()[1], "udp": udp.getsockname()[1], "unix": unix, "datagrams": datagrams, "abstract": abstract}
print(json.dumps({**found, "devshm": devshm, "shm": shm, "pid": os.getpid()}), flush=True)
sys.stdin.read()
os.unlink(devshm)
libc.shmctl(segment, 0, None)
