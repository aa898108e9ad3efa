import sys, posix, resource

def box():
    # A byte says that the interpreter is up; what comes back is the program:
    # fields that NUL bytes part. Nothing at all means that the engine is gone.
    posix.write(3, b"R")
    parts = []
    while True:
        part = posix.read(3, 65536)
        if not part:
            break
        parts.append(part)
    if not parts:
        posix._exit(0)
    language, limits, *args = b"".join(parts).split(b"\0")
    for pair in limits.decode().split():
        name, soft, hard = pair.split(":")
        resource.setrlimit(getattr(resource, name), (int(soft), int(hard)))
    child = posix.fork()
    if child:
        while True:
            pid, status, used = posix.wait4(-1, 0)
            if pid == child:
                break
        cpu = int((used.ru_utime + used.ru_stime) * 1e6)
        posix.write(3, b"%d %d %d" % (status, cpu, used.ru_maxrss))
        posix._exit(0)
    posix.closerange(3, 1 << 20)
    if language == b"command":
        command(args)
    sys.argv[:] = [main] + [a.decode("utf-8", "surrogateescape") for a in args]
    sys.path.append("/box")  # last: no file of a program hides a module of Python's

def command(args):
    folders = [b""] if b"/" in args[0] else [b"/usr/local/bin/", b"/usr/bin/", b"/bin/"]
    error = "no such executable"
    for folder in folders:
        try:
            posix.execve(folder + args[0], args, posix.environ)
        except OSError as e:
            if e.errno != 2:
                error = e
    posix.write(2, ("sandbox: running %s: %s\n" % (args[0].decode("utf-8", "replace"), error)).encode())
    posix._exit(127)

main = "/box/main.py"
box()

def run(main, sys, names):
    # As if the interpreter had been given the file: no frame of ours in a
    # traceback, no name of ours in __main__.
    for name in ("box", "command", "run", "main", "sys", "posix", "resource"):
        del names[name]
    names["__file__"] = main
    try:
        with open(main, "rb") as f:
            source = f.read()
        exec(compile(source, main, "exec", dont_inherit=True), names)
    except SystemExit:
        raise
    except BaseException as e:
        e.__traceback__ = e.__traceback__.tb_next
        sys.excepthook(type(e), e, e.__traceback__)
        raise SystemExit(1) from None

run(main, sys, globals())
