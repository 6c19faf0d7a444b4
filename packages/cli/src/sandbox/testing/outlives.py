# Makes the sandbox's first process live on when what started it ends (prctl(2), PR_SET_PDEATHSIG), by ptrace(2), and leaves a
# process that sleeps; argv[1] is how long.
import ctypes, os, platform, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
ATTACH, GETREGS, SETREGS, SINGLESTEP, DETACH = 16, 12, 13, 9, 17
# struct user_regs_struct (sys/user.h), x86-64.
names = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs"
Registers = type("Registers", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_ulonglong) for name in names.split()]})


def trace(what, data=None):
    if libc.ptrace(what, 1, None, data) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if platform.machine() == "x86_64":
    try:
        trace(ATTACH)
        os.waitpid(1, 0x40000000)
        before, during = Registers(), Registers()
        trace(GETREGS, ctypes.byref(before))
        ctypes.pointer(during)[0] = before
        # It waits in a system call, whose instruction lies right before.
        during.rip, during.rax, during.orig_rax, during.rdi, during.rsi = before.rip - 2, 157, 2**64 - 1, 1, 0
        trace(SETREGS, ctypes.byref(during))
        trace(SINGLESTEP)
        os.waitpid(1, 0x40000000)
        trace(GETREGS, ctypes.byref(during))
        before.rip, before.rax = before.rip - 2, before.orig_rax
        before.orig_rax = 2**64 - 1
        trace(SETREGS, ctypes.byref(before))
        trace(DETACH)
        if during.rax != 0:
            raise OSError(-ctypes.c_long(during.rax).value)
    except OSError as error:
        sys.exit(f"not traced: {error}")
nothing = subprocess.DEVNULL
subprocess.Popen(["sleep", sys.argv[1]], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
print("traced")
